import type { MessageSynced, SessionSynced } from '../events/schemas.ts';
import { messageIdOf, sessionIdOf } from '../ids.ts';
import type { Owner } from '../owner.ts';
import { findHostileValue } from './hostile.ts';
import { normalizePart, type NormalizedPart } from './parts.ts';
import { storedSource } from './sources.ts';
import { messageSyncSchema, parseRequest, sessionSyncSchema, type Parsed } from './schemas.ts';

/** A message as sent, before large content is moved out of the events. */
export interface NormalizedMessage {
  readonly message: Omit<MessageSynced, 'textRef' | 'partCount'>;
  /** Undefined where the request named no parts, which leaves the stored ones alone. */
  readonly parts: readonly NormalizedPart[] | undefined;
}

function sourceOf(source: string | undefined): string | undefined {
  return source && storedSource(source);
}

/** What `POST /sync/session` (or a batch item) says, as the data of its event. Pure. */
export function parseSessionSync(owner: Owner, body: unknown): Parsed<SessionSynced> {
  const hostile = findHostileValue(body);
  if (hostile) return { ok: false, details: [hostile] };
  const parsed = parseRequest(sessionSyncSchema, body);
  if (!parsed.ok) return parsed;
  const { externalId, sessionId, source, ...fields } = parsed.value;
  const id = (externalId ?? sessionId)!;
  return {
    ok: true,
    value: { ...fields, source: sourceOf(source), externalId: id, sessionId: sessionIdOf(owner, id) },
  };
}

/** What `POST /sync/message` (or a batch item) says, as the data of its events. Pure. */
export function parseMessageSync(owner: Owner, body: unknown): Parsed<NormalizedMessage> {
  const hostile = findHostileValue(body);
  if (hostile) return { ok: false, details: [hostile] };
  const parsed = parseRequest(messageSyncSchema, body);
  if (!parsed.ok) return parsed;
  const { sessionExternalId, sessionId, externalId, messageId, source, parts, ...fields } = parsed.value;
  const session = (sessionExternalId ?? sessionId)!;
  const message = (externalId ?? messageId)!;
  const ownSessionId = sessionIdOf(owner, session);
  return {
    ok: true,
    value: {
      message: {
        ...fields,
        source: sourceOf(source),
        externalId: message,
        messageId: messageIdOf(ownSessionId, message),
        sessionExternalId: session,
        sessionId: ownSessionId,
      },
      parts: parts?.map(normalizePart),
    },
  };
}
