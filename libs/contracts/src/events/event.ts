import { z } from 'zod';
import type { Owner } from '../owner.ts';
import { unknownFields, type UnknownFields } from '../fold/unknown.ts';
import { parseEventSubject } from '../subjects.ts';
import { definitionOf, internedType, isEventType } from './catalogue.ts';
import { isNestedDeeper } from './nesting.ts';
import type { EventData, EventType } from './schemas.ts';

/** An event before the log has given it a sequence. */
export type NewEvent = {
  [T in EventType]: {
    /** UUIDv7; derived from the `Idempotency-Key` if the client sent one. */
    readonly id: string;
    readonly type: T;
    readonly owner: Owner;
    /** Arrival at the gateway, milliseconds since the epoch. */
    readonly time: number;
    readonly data: EventData[T];
  };
}[EventType];

/** An event as read back from the log. */
export type StoredEvent = NewEvent & {
  /** Stream sequence in EVENTS, which orders all events. */
  readonly sequence: number;
  /** The data's fields that this version does not know; absent if it knows them all. */
  readonly unknown?: UnknownFields;
};

/** CloudEvents 1.0 attributes in binary mode on NATS, plus the trace context. */
export const HEADER = {
  specversion: 'ce-specversion',
  id: 'ce-id',
  type: 'ce-type',
  source: 'ce-source',
  subject: 'ce-subject',
  time: 'ce-time',
  contentType: 'content-type',
  traceparent: 'traceparent',
} as const;

/**
 * The headers of an event; `source` names the service that publishes it, e.g. `opensync/ingest`; `traceparent` is the
 * span in which it publishes.
 */
export function eventHeaders(event: NewEvent, source: string, traceparent?: string): Record<string, string> {
  return {
    [HEADER.specversion]: '1.0',
    [HEADER.id]: event.id,
    [HEADER.type]: event.type,
    [HEADER.source]: source,
    [HEADER.subject]: definitionOf(event.type).documentId(event.data),
    [HEADER.time]: new Date(event.time).toISOString(),
    [HEADER.contentType]: 'application/json',
    ...(traceparent !== undefined && { [HEADER.traceparent]: traceparent }),
  };
}

/** The message cannot be read as an event. Never retryable: it becomes a dead letter. */
export class MalformedEventError extends Error {
  override readonly name = 'MalformedEventError';
}

/**
 * An event of a type that this process does not know. A newer version may know it: the event is parked and replayed
 * once one runs.
 */
export class UnknownEventTypeError extends MalformedEventError {}

/** A message of the EVENTS stream as it is stored. */
export interface RawEvent {
  readonly subject: string;
  readonly sequence: number;
  readonly header: (name: string) => string | undefined;
  readonly body: () => string;
}

/** More levels than an event of the gateway has, and fewer than the recursion of stores and serializers can handle. */
const MAX_NESTING = 128;

/**
 * Reads a stored message as an event.
 * @param knows the known types; a subset behaves like an earlier version
 * @throws MalformedEventError if its subject, type, time or data does not match the schemas
 */
export function decodeEvent(raw: RawEvent, knows: typeof isEventType = isEventType): StoredEvent {
  const subject = parseEventSubject(raw.subject);
  if (!subject) throw new MalformedEventError(`not an event subject: ${raw.subject}`);
  const named = raw.header(HEADER.type);
  if (named === undefined) throw new MalformedEventError('ce-type is missing');
  if (!knows(named)) throw new UnknownEventTypeError(`unknown event type: ${named}`);
  const type = internedType(named);
  const definition = definitionOf(type);
  if (definition.entity !== subject.entity) {
    throw new MalformedEventError(`event type ${type} does not belong on subject entity ${subject.entity}`);
  }
  const time = Date.parse(raw.header(HEADER.time) ?? '');
  if (Number.isNaN(time)) throw new MalformedEventError('ce-time is missing or not a date');
  let json: unknown;
  try {
    json = JSON.parse(raw.body());
  } catch (cause) {
    throw new MalformedEventError('the body is not JSON', { cause });
  }
  if (isNestedDeeper(json, MAX_NESTING)) throw new MalformedEventError(`nested deeper than ${MAX_NESTING} levels`);
  const parsed = definition.schema.safeParse(json);
  if (!parsed.success) {
    throw new MalformedEventError(`data does not match ${type}: ${z.prettifyError(parsed.error)}`);
  }
  const unknown = unknownFields(json, parsed.data);
  return {
    id: raw.header(HEADER.id) ?? '',
    type,
    owner: subject.owner,
    time,
    sequence: raw.sequence,
    data: definition.upcasters.reduce((data, upcast) => upcast(data), parsed.data),
    ...(unknown && { unknown }),
  } as StoredEvent;
}
