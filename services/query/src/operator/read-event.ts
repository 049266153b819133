import { HEADER, parseEventSubject, type Owner } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';
import { beginningOf } from './letters.ts';

/** An event as the log has it. */
export interface ShownEvent {
  readonly sequence: number;
  readonly subject: string;
  /** Null: it is no event of an owner. */
  readonly owner: Owner | null;
  readonly type: string | null;
  readonly id: string | null;
  readonly documentId: string | null;
  readonly source: string | null;
  /** As the event says: ISO 8601. */
  readonly time: string | null;
  readonly traceparent: string | null;
  /** The size of its body. */
  readonly bytes: number;
  /** The beginning of its body, as it is stored. */
  readonly body: string;
  readonly isCut: boolean;
}

const EVENT_BYTES = 256 * 1024;

/** @param mostBytes of its body @throws AppError NOT_FOUND */
export async function readEvent(
  { events }: Pick<QueryResources, 'events'>,
  sequence: number,
  mostBytes = EVENT_BYTES,
): Promise<ShownEvent> {
  const raw = await events.get(sequence);
  if (!raw) throw new AppError('NOT_FOUND', 'The log has no event at this position');
  const body = Buffer.from(raw.body());
  const header = (name: string) => raw.header(name) ?? null;
  return {
    ...{ sequence, subject: raw.subject, owner: parseEventSubject(raw.subject)?.owner ?? null },
    ...{ type: header(HEADER.type), id: header(HEADER.id), documentId: header(HEADER.subject) },
    ...{ source: header(HEADER.source), time: header(HEADER.time), traceparent: header(HEADER.traceparent) },
    ...{ bytes: body.length, body: beginningOf(body, mostBytes), isCut: body.length > mostBytes },
  };
}
