import {
  isJsonObject,
  MESSAGE_ID_NAMES,
  messageCreatedAt,
  messageIdOf,
  readId,
  Reading,
  SESSION_ID_NAMES,
  SESSION_OF_MESSAGE_NAMES,
  sessionIdOf,
  sessionView,
  type MessageHead,
  type Owner,
  type SessionState,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { DocumentStore } from '@opensync/stores';

/** Sessions and messages that one request may ask for. */
const MOST_ASKED = 10_000;
/** Heads in memory at once; each is a few kilobytes. */
const AT_ONCE = 200;

/** A session by the id that its client gave it. */
interface AskedSession {
  readonly externalId: string;
}
interface AskedMessage extends AskedSession {
  readonly sessionExternalId: string;
}

/** The stored state of a session, for a client to compare with its own. Times are milliseconds since the epoch. */
export interface SessionMetadata extends AskedSession {
  readonly model?: string;
  readonly provider?: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** US dollars. */
  readonly cost: number;
  readonly durationMs?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The stored state of a message; values that no client sent are absent. */
export interface MessageMetadata extends AskedMessage {
  readonly model?: string;
  readonly provider?: string;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly cachedTokens?: number;
  readonly cost?: number;
  readonly durationMs?: number;
  readonly createdAt: number;
}

export interface MetadataAnswer {
  readonly ok: true;
  /** The requested ones that are stored, each once, in that order. */
  readonly sessions: readonly SessionMetadata[];
  readonly messages: readonly MessageMetadata[];
}

/**
 * Tells a client which of its sessions and messages are stored, and with which numbers, so that it sends only the
 * others.
 */
export class SyncedMetadata {
  readonly #documents: Pick<DocumentStore, 'load'>;

  constructor(documents: Pick<DocumentStore, 'load'>) {
    this.#documents = documents;
  }

  /**
   * @throws AppError INVALID_REQUEST for a body that is not an object, PAYLOAD_TOO_LARGE for more than one answer
   * holds
   */
  async of(owner: Owner, body: unknown): Promise<MetadataAnswer> {
    const asked = readAsked(owner, body);
    const sessions: SessionMetadata[] = [];
    for (const ids of inGroups([...asked.sessions])) {
      const loaded = await this.#documents.load(owner, { sessions: ids });
      for (const id of ids) if (loaded.sessions.has(id)) sessions.push(sessionMetadata(loaded.sessions.get(id)!));
    }
    const messages: MessageMetadata[] = [];
    for (const ids of inGroups([...asked.messages.keys()])) {
      const loaded = await this.#documents.load(owner, { messages: ids });
      for (const id of ids) {
        const head = loaded.messages.get(id);
        if (head) messages.push(messageMetadata(head, asked.messages.get(id)!));
      }
    }
    return { ok: true, sessions, messages };
  }
}

/** Our ids of the requested items. An item without ids requests nothing. */
function readAsked(owner: Owner, body: unknown) {
  if (!isJsonObject(body)) {
    const details = [{ path: '', message: 'Expected a JSON object with sessions and messages' }];
    throw new AppError('INVALID_REQUEST', 'The request asks for nothing', { details });
  }
  const [sessionItems, messageItems] = [listOf(body.sessions), listOf(body.messages)];
  if (sessionItems.length + messageItems.length > MOST_ASKED) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `A request may ask for at most ${MOST_ASKED} sessions and messages; send several requests`,
    );
  }
  const idIn = (item: unknown, names: readonly string[]) => {
    const fields = isJsonObject(item) ? item : { [names[0]!]: item };
    const read = readId(fields, names, '', new Reading(0));
    return 'id' in read ? read.id : undefined;
  };
  const sessions = new Set<string>();
  for (const item of sessionItems) {
    const externalId = idIn(item, SESSION_ID_NAMES);
    if (externalId !== undefined) sessions.add(sessionIdOf(owner, externalId));
  }
  const messages = new Map<string, AskedMessage>();
  for (const item of messageItems) {
    if (!isJsonObject(item)) continue;
    const sessionExternalId = idIn(item, SESSION_OF_MESSAGE_NAMES);
    const externalId = idIn(item, MESSAGE_ID_NAMES);
    if (sessionExternalId === undefined || externalId === undefined) continue;
    const messageId = messageIdOf(sessionIdOf(owner, sessionExternalId), externalId);
    messages.set(messageId, { sessionExternalId, externalId });
  }
  return { sessions, messages };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function sessionMetadata(state: SessionState): SessionMetadata {
  const view = sessionView(state);
  const { durationMs } = state.fields;
  return {
    externalId: view.externalId,
    ...(view.model !== null && { model: view.model }),
    ...(view.provider !== null && { provider: view.provider }),
    promptTokens: view.promptTokens,
    completionTokens: view.completionTokens,
    cost: view.cost,
    ...(durationMs !== undefined && { durationMs }),
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
  };
}

function messageMetadata(head: MessageHead, { sessionExternalId, externalId }: AskedMessage): MessageMetadata {
  const { model, provider, promptTokens, completionTokens, cacheReadTokens, cost, durationMs } = head.fields;
  const said = { model, provider, promptTokens, completionTokens, cachedTokens: cacheReadTokens, cost, durationMs };
  const present = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { sessionExternalId, externalId, ...present, createdAt: messageCreatedAt(head) };
}

function* inGroups(ids: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += AT_ONCE) yield ids.slice(at, at + AT_ONCE);
}
