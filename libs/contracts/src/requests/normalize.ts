import { normalizeParts, type NormalizedPart } from '../content/normalize.ts';
import { takeOutOfText, type Blob } from '../content/take-out.ts';
import type { MessageSynced, SessionSynced } from '../events/schemas.ts';
import { isPersons } from '../fold/prompt.ts';
import { messageIdOf, sessionIdOf } from '../ids.ts';
import { promptOf } from '../naming/prompt-title.ts';
import type { Owner } from '../owner.ts';
import {
  MESSAGE_FIELDS,
  MESSAGE_ID_NAMES,
  SESSION_FIELDS,
  SESSION_ID_NAMES,
  SESSION_OF_MESSAGE_NAMES,
  type TokenField,
} from './fields.ts';
import { readId } from './ids.ts';
import { isJsonObject, type JsonObject, type Parsed } from './parsed.ts';
import { readField, readValue, type Field } from './readers.ts';
import { Reading } from './reading.ts';
import { storedSource } from './sources.ts';
import { readContent } from './text-content.ts';
import { readUsage } from './usage.ts';

/** A message as sent, before large content is moved out of the events. */
export interface NormalizedMessage {
  readonly message: Omit<MessageSynced, 'textRef' | 'partCount'>;
  /** Undefined if the request had no parts, which leaves the stored ones unchanged. */
  readonly parts: readonly NormalizedPart[] | undefined;
  /** Blobs that were extracted from text and parts, for the payload store. */
  readonly blobs: readonly Blob[];
}

/**
 * Converts `POST /sync/session` (or a batch item) to the data of its event. An unusable value affects only itself and
 * is listed in the warnings. Pure.
 * @param now arrival, milliseconds since the epoch
 */
export function parseSessionSync(owner: Owner, body: unknown, now: number): Parsed<SessionSynced> {
  if (!isJsonObject(body)) return notAnObject();
  const reading = new Reading(now);
  const read = readId(body, SESSION_ID_NAMES, 'session', reading);
  if ('issue' in read) return { ok: false, details: [read.issue] };
  const fields = readFields(SESSION_FIELDS, body, reading);
  const value = { ...fields, externalId: read.id, sessionId: sessionIdOf(owner, read.id) };
  return { ok: true, value: value as SessionSynced, warnings: reading.warnings };
}

/** Converts `POST /sync/message` (or a batch item) to the data of its events; see `parseSessionSync`. Pure. */
export function parseMessageSync(owner: Owner, body: unknown, now: number): Parsed<NormalizedMessage> {
  if (!isJsonObject(body)) return notAnObject();
  const reading = new Reading(now);
  const session = readId(body, SESSION_OF_MESSAGE_NAMES, 'session', reading);
  const own = readId(body, MESSAGE_ID_NAMES, 'message', reading);
  if ('issue' in session || 'issue' in own) {
    return { ok: false, details: [session, own].flatMap((read) => ('issue' in read ? [read.issue] : [])) };
  }
  const sessionId = sessionIdOf(owner, session.id);
  const fields = readFields(MESSAGE_FIELDS, body, reading) as Partial<MessageSynced>;
  const content = readContent(body, reading);
  const text = content.text === undefined ? undefined : takeOutOfText(content.text);
  const { parts, blobs, warnings } = normalizeParts(content.parts);
  for (const { path, reason, message } of warnings) reading.warn('parts', path, reason, message);
  const message = {
    ...fields,
    externalId: own.id,
    messageId: messageIdOf(sessionId, own.id),
    sessionExternalId: session.id,
    sessionId,
    ...(text !== undefined && { textContent: text.value }),
    ...(text !== undefined && text.media.length > 0 && { media: [...text.media] }),
    ...promptBeside(fields.role, text?.value, parts),
    ...(parts && { toolCallCount: parts.filter(({ type }) => type === 'tool-call').length }),
  };
  const value = { message, parts, blobs: [...(text?.blobs ?? []), ...blobs] };
  return { ok: true, value, warnings: reading.warnings };
}

function notAnObject(): Parsed<never> {
  return { ok: false, details: [{ path: '', message: 'Expected a JSON object' }] };
}

type Fields = Readonly<Record<string, Field>>;

function readFields(table: Fields, body: JsonObject, reading: Reading): Record<string, string | number> {
  const fields: Record<string, string | number> = {};
  for (const name in table) {
    const value = readField(name, table[name]!, body, reading);
    if (value !== undefined) fields[name] = value;
  }
  if (typeof fields.source === 'string') fields.source = storedSource(fields.source);
  // Agents that send the model as an object name its provider in it.
  if (fields.provider === undefined && isJsonObject(body.model)) {
    const { providerID, providerId, provider } = body.model;
    const value = providerID ?? providerId ?? provider;
    const place = { field: 'provider', path: 'model.provider' };
    const named = value === undefined || value === null ? undefined : readValue(value, table.provider!, place, reading);
    if (named !== undefined) fields.provider = named;
  }
  const usage = readUsage(body, reading) ?? {};
  for (const [name, value] of Object.entries(usage)) fields[name as TokenField] ||= value;
  return fields;
}

/** A text of this length may be stored outside the log, where the fold cannot see the person's text deep in it. */
const LONG_TEXT = 16 * 1024;

/**
 * The person's own text, if the fold cannot find it in the event's text: it is in the parts, or deep in a long text.
 */
function promptBeside(
  role: string | undefined,
  text: string | undefined,
  parts: readonly NormalizedPart[] | undefined,
): { readonly prompt?: string } {
  if (role !== undefined && !isPersons(role)) return {};
  const isLong = text !== undefined && text.length > LONG_TEXT;
  if (!isLong && !parts?.length) return parts && text === undefined ? { prompt: '' } : {};
  const inText = text === undefined ? undefined : promptOf(text);
  if (inText !== undefined) return isLong ? { prompt: inText } : {};
  for (const part of parts ?? []) {
    const prompt = isTyped(part) ? promptOf(part.content) : undefined;
    if (prompt !== undefined) return { prompt };
  }
  return { prompt: '' };
}

/** Text that a person wrote: OpenCode marks the text that it adds itself. */
function isTyped(part: NormalizedPart): part is NormalizedPart & { readonly content: string } {
  const { type, content, extra } = part;
  const isAdded = isJsonObject(extra) && (extra.synthetic === true || extra.ignored === true);
  return type === 'text' && typeof content === 'string' && !isAdded;
}
