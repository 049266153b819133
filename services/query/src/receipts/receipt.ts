import {
  decodeEvent,
  definitionOf,
  HEADER,
  headingVersion,
  MalformedEventError,
  messageVersion,
  isSessionEvent,
  isTrashed,
  parseEventSubject,
  sessionIdOfEvent,
  touchedBy,
  type Owner,
  type Reader,
  type RawEvent,
  type SessionState,
  type StoredEvent,
} from '@opensync/contracts';
import { CONSUMER, type ConsumerRef } from '@opensync/event-log';
import type { DeadLetterKind } from '@opensync/event-log/dead-letters';
import { AppError, isRetryable } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';

/** How far a write has come. Null: currently unknown, or (for an unreadable event) never. */
export interface Receipt {
  readonly type: string | null;
  /** Of the session, message or part that was written. */
  readonly documentId: string | null;
  /** On disk in the event log. */
  readonly stored: true;
  /** The session was deleted after the write: none of it can be read or found any more. */
  readonly deleted?: true;
  /** Visible in lists and on its session's page; for a deletion: no deleted data is. */
  readonly documents: boolean | null;
  /** Found by full text. */
  readonly searchable: boolean | null;
  /** Found by its meaning. */
  readonly embedded: boolean | null;
  /** Only for a deletion: the images, files and large contents that nothing else uses are removed from the log, too. */
  readonly payloads?: boolean | null;
  /** Passages of a long text without a vector: only full text finds them. Absent if there are none. */
  readonly passagesNotEmbedded?: number;
  /**
   * Its documents that could not be processed, and why. An operator may replay them; then they are no longer listed.
   */
  readonly deadLetters: readonly DeadLetterNote[];
}

export interface DeadLetterNote {
  /** The projection that could not process it. */
  readonly consumer: string;
  readonly kind: DeadLetterKind;
  readonly reason: string;
}

type ReceiptResources = Pick<
  QueryResources,
  'documents' | 'events' | 'progress' | 'search' | 'vectors' | 'deadLetters' | 'removals'
>;

/**
 * @param sequence undefined for a position of another workspace
 * @throws AppError NOT_FOUND if nothing is stored at this sequence, or the reader may not see it
 */
export async function readReceipt(
  resources: ReceiptResources,
  reader: Reader,
  sequence: number | undefined,
): Promise<Receipt> {
  const write = sequence !== undefined && (await readWrite(resources, reader, sequence));
  if (!write) throw new AppError('NOT_FOUND', 'There is no write with this sequence');
  const { raw, event } = write;
  const receipt = {
    type: raw.header(HEADER.type) ?? null,
    documentId: raw.header(HEADER.subject) ?? null,
    stored: true,
  } as const;

  const documentId = event && (touchedBy(event).message ?? sessionIdOfEvent(event));
  const letters = await lettersAbout(resources.deadLetters, sequence, documentId);
  const isDead = (consumer: ConsumerRef) => letters.some((letter) => letter.consumer === consumer.durable);
  if (!event) {
    const documents = isDead(CONSUMER.documents) ? false : null;
    return { ...receipt, documents, searchable: documents, embedded: documents, deadLetters: letters };
  }
  const documents =
    !isDead(CONSUMER.documents) &&
    (await unlessAway(async () => {
      if ((await resources.progress.applied(CONSUMER.documents)) < sequence) return false;
      return !isDeletion(event) || isRemoved(resources.documents, event);
    }));
  const session = documents === true ? await unlessAway(() => sessionOf(resources.documents, event)) : null;
  if (session?.deletion && sequence < session.deletion.sequence && !isDeletion(event)) {
    return { ...receipt, deleted: true, documents: false, searchable: false, embedded: false, deadLetters: letters };
  }
  // In the trash only what people say about the session is of interest: above all that it is there.
  if (session && isTrashed(session) && definitionOf(event.type).entity !== 'curation') {
    return { ...receipt, deleted: true, documents: false, searchable: false, embedded: false, deadLetters: letters };
  }
  // An index follows the documents: it cannot have what they do not have yet.
  const isIn = async (consumer: ConsumerRef, look: () => Promise<boolean>) =>
    documents && !isDead(consumer) && unlessAway(look);
  let omitted = 0;
  const [searchable, embedded, payloads] = await Promise.all([
    isIn(CONSUMER.search, () => isIndexed(resources.documents, resources.search, event)),
    isIn(CONSUMER.vectors, async () => {
      if (isDeletion(event)) return isRemoved(resources.vectors, event);
      if (session && isTrashed(session)) return hasNothing(resources.vectors, event);
      const row = await indexedRow(resources.documents, resources.vectors, event);
      omitted = row?.omitted ?? 0;
      return row !== undefined;
    }),
    isDeletion(event)
      ? documents && unlessAway(() => arePayloadsRemoved(resources.removals, event.owner, sequence))
      : undefined,
  ]);
  return {
    ...{ ...receipt, documents, searchable, embedded },
    ...(payloads !== undefined && { payloads }),
    ...(omitted > 0 && { passagesNotEmbedded: omitted }),
    deadLetters: letters,
  };
}

/** Whether the payloads of a deletion are removed. The removal is requested before the documents have the deletion. */
async function arePayloadsRemoved(
  removals: ReceiptResources['removals'],
  owner: Owner,
  sequence: number,
): Promise<boolean> {
  const pending = await removals.of(owner);
  return pending === undefined || pending.done >= sequence;
}

/** Letters about the event itself (by its sequence) and about its document in the indexes (by its id). */
async function lettersAbout(
  deadLetters: ReceiptResources['deadLetters'],
  sequence: number,
  documentId: string | undefined,
): Promise<DeadLetterNote[]> {
  const asked: [ConsumerRef, string | number][] = [[CONSUMER.documents, sequence]];
  if (documentId !== undefined) asked.push([CONSUMER.search, documentId], [CONSUMER.vectors, documentId]);
  const found = await Promise.all(asked.map(([{ durable }, key]) => deadLetters.about(durable, key)));
  return found.flatMap((letter) =>
    letter ? [{ consumer: letter.consumer, kind: letter.kind, reason: letter.reason }] : [],
  );
}

/**
 * The write at a sequence; undefined if there is none, or it belongs to a session that the reader may not see.
 * Without `event` if it is unreadable, or about people: no store has it.
 */
export async function readWrite(
  { events, documents }: Pick<QueryResources, 'events' | 'documents'>,
  reader: Reader,
  sequence: number,
): Promise<{ readonly raw: RawEvent; readonly event: StoredEvent | undefined } | undefined> {
  const raw = await events.get(sequence);
  const subject = raw && parseEventSubject(raw.subject);
  if (!subject || subject.owner.workspaceId !== reader.workspaceId) return undefined;
  const decoded = readable(() => decodeEvent(raw!));
  const event = decoded && isSessionEvent(decoded) ? decoded : undefined;
  if (subject.owner.userId !== reader.userId) {
    const id = event && sessionIdOfEvent(event);
    if (id === undefined || !(await documents.sessionsById(reader, [id])).has(id)) return undefined;
  }
  return { raw: raw!, event };
}

/** The version of a row covers its contents: the session's heading and, for a message, the message itself. */
interface RowVersions {
  readonly version: number;
  readonly headingVersion: number;
}

interface VersionedIndex<Row extends RowVersions> extends Removed {
  indexed(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, Row>>;
}

/** A store that a deletion removes from. */
interface Removed {
  hasBefore(owner: Owner, sessionId: string, sequence: number, options?: { unknown?: boolean }): Promise<boolean>;
}

type Documents = Pick<QueryResources['documents'], 'load' | 'messageSummaries'>;

/** Whether an index reflects the event; see {@link indexedRow}. */
export async function isIndexed(
  documents: Documents,
  index: VersionedIndex<RowVersions>,
  event: StoredEvent,
): Promise<boolean> {
  if (isDeletion(event)) return isRemoved(index, event);
  const session = await sessionOf(documents, event);
  if (session && isTrashed(session)) return hasNothing(index, event);
  return (await indexedRow(documents, index, event)) !== undefined;
}

/**
 * The row of the event's document if it reflects the whole event; the documents must have applied the event. It is
 * never returned too early: the row is read first, so that the documents read afterwards are the same or newer, and
 * only the same ones have its version. If the session was deleted before, no row from before that may be left: it
 * could have a higher version than its replacement, and removing it removes all rows of the session.
 */
async function indexedRow<Row extends RowVersions>(
  documents: Documents,
  index: VersionedIndex<Row>,
  event: StoredEvent,
): Promise<Row | undefined> {
  const { owner } = event;
  const sessionId = sessionIdOfEvent(event);
  const ofMessage = touchedBy(event).message;
  const id = ofMessage ?? sessionId;
  const deletion = (await sessionOf(documents, event))?.deletion;
  // Rows of earlier versions do not say, and stay until a rebuild: a write must not wait for that.
  if (deletion && (await index.hasBefore(owner, sessionId, deletion.sequence, { unknown: false }))) return undefined;
  const row = (await index.indexed(owner, [id])).get(id);
  if (!row) return undefined;
  if (ofMessage === undefined) {
    const session = (await documents.load(owner, { sessions: [sessionId] })).sessions.get(sessionId);
    return session && row.version >= headingVersion(session) ? row : undefined;
  }
  const summary = (await documents.messageSummaries(owner, [ofMessage])).get(ofMessage);
  if (!summary) return undefined;
  // By the message alone: a heading that is sent again unchanged gets a new version, but no row is rewritten for it.
  const says = row.version - row.headingVersion >= messageVersion(summary.message, summary.parts.version);
  return says ? row : undefined;
}

function isDeletion(event: StoredEvent): boolean {
  return definitionOf(event.type).deletes !== undefined;
}

/** Whether a store has nothing of the session from before the deletion. */
async function isRemoved(store: Removed, event: StoredEvent): Promise<boolean> {
  return !(await store.hasBefore(event.owner, sessionIdOfEvent(event), event.sequence));
}

/** Whether a store has no row of the session: it is in the trash. */
async function hasNothing(store: Removed, event: StoredEvent): Promise<boolean> {
  return !(await store.hasBefore(event.owner, sessionIdOfEvent(event), Number.MAX_SAFE_INTEGER));
}

/** The current session of an event, even if it is deleted. */
async function sessionOf(
  documents: Pick<QueryResources['documents'], 'load'>,
  event: StoredEvent,
): Promise<SessionState | undefined> {
  const id = sessionIdOfEvent(event);
  const { sessions, gone } = await documents.load(event.owner, { sessions: [id] });
  return sessions.get(id) ?? gone.get(id);
}

function readable(decode: () => StoredEvent): StoredEvent | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedEventError) return undefined;
    throw error;
  }
}

async function unlessAway<Answer>(answer: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer();
  } catch (error) {
    if (isRetryable(error)) return null;
    throw error;
  }
}
