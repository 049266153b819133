import {
  accessBatchSchema,
  accessSubject,
  userOfAccessSubject,
  workspaceAccessSubjects,
  type AccessEntry,
} from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { directGet, type StoredMessage } from '../read/direct-get.ts';
import { streamEnds } from '../read/replay.ts';
import { STREAM } from '../topology/names.ts';
import { unavailable } from '../unavailable.ts';

/** The place of an entry: the message that holds it, and its place in that message. */
export interface AccessPlace {
  readonly sequence: number;
  readonly index: number;
}

export interface LoggedRequest extends AccessEntry {
  readonly userId: string;
  readonly place: AccessPlace;
}

export interface AccessQuery {
  readonly workspaceId: string;
  /** Absent: of all members. */
  readonly userId?: string | undefined;
  readonly limit: number;
  /** Continue with the entries before this one. */
  readonly before?: AccessPlace | undefined;
  /** Entries that ended at this time or later; milliseconds since the epoch. */
  readonly from?: number | undefined;
  /** Entries that ended before this time. */
  readonly to?: number | undefined;
  readonly matches: (entry: LoggedRequest) => boolean;
}

export interface AccessPage {
  /** Newest first, as they arrived in the log: those of several gateways may be a second apart. */
  readonly entries: readonly LoggedRequest[];
  /** Where to continue; undefined if there is nothing older. */
  readonly next: AccessPlace | undefined;
}

/** Messages of one read: about 3 MB at most. */
const MESSAGES_PER_READ = 64;
/** Reads of one page; a page with fewer entries than asked for then says where to continue. */
const MOST_READS = 64;
/** How much later than its entries a message may be stored, while the log was away. */
const LATEST_STORED_MS = 10 * 60_000;

/**
 * A page of the API access log, straight from its stream: without a consumer, and with a number of reads that does
 * not depend on how many requests are logged. @throws AppError UNAVAILABLE
 */
export async function readAccessLog(nc: LogConnection, query: AccessQuery): Promise<AccessPage> {
  const { limit, before, from = 0, to = Infinity, matches } = query;
  const entries: LoggedRequest[] = [];
  let next: AccessPlace | undefined;
  for await (const messages of newestFirst(nc, query)) {
    if ('unread' in messages) return { entries, next: { sequence: messages.unread, index: 0 } };
    for (const message of messages) {
      if (storedAt(message) < from) return { entries, next: undefined };
      for (const entry of entriesOf(message).toReversed()) {
        const { place, at } = entry;
        const isBefore = !before || place.sequence < before.sequence || place.index < before.index;
        if (!isBefore || at < from || at >= to || !matches(entry)) continue;
        if (entries.length === limit) return { entries, next };
        entries.push(entry);
        next = place;
      }
    }
  }
  return { entries, next: undefined };
}

type Piece = readonly StoredMessage[] | { readonly unread: number };

/** The messages in pieces, newest first; at the end the sequence before which nothing was read, if there may be more. */
async function* newestFirst(
  nc: LogConnection,
  { workspaceId, userId, before, to }: AccessQuery,
): AsyncGenerator<Piece> {
  const subject = userId === undefined ? workspaceAccessSubjects(workspaceId) : accessSubject({ workspaceId, userId });
  const read = (start: { seq: number } | { start_time: string }, batch: number) =>
    directGet(nc, STREAM.access, { ...start, next_by_subj: subject, batch }).catch((error: unknown) => {
      throw unavailable(error);
    });
  const { first, last } = await streamEnds(nc, STREAM.access);
  let end = Math.min(last, before?.sequence ?? Infinity) + 1;
  if (to !== undefined && before === undefined) {
    const [later] = await read({ start_time: new Date(to + LATEST_STORED_MS).toISOString() }, 1);
    end = Math.min(end, later?.sequence ?? Infinity);
  }
  // The messages of a member are anywhere between those of others, so the distance adapts to what it finds.
  let distance = MESSAGES_PER_READ;
  for (let reads = 0; end > first; reads++) {
    if (reads === MOST_READS) return yield { unread: end };
    const start = Math.max(first, end - distance);
    const found = await read({ seq: start }, MESSAGES_PER_READ);
    const within = found.filter(({ sequence }) => sequence < end);
    const isCutOff = within.length === found.length && (found.at(-1)?.pending ?? 0) > 0;
    if (isCutOff && distance > MESSAGES_PER_READ) {
      distance = Math.max(MESSAGES_PER_READ, Math.floor(distance / 4));
      continue;
    }
    if (within.length > 0) yield within.toReversed();
    end = start;
    if (within.length < MESSAGES_PER_READ / 4) distance *= 4;
  }
}

function storedAt(message: StoredMessage): number {
  return Date.parse(message.header('Nats-Time-Stamp')!);
}

/** None for a message that a newer version wrote in another form: one odd message costs only itself. */
function entriesOf(message: StoredMessage): LoggedRequest[] {
  const parsed = accessBatchSchema.safeParse(jsonOf(message.data));
  if (!parsed.success) return [];
  const userId = userOfAccessSubject(message.header('Nats-Subject')!);
  return parsed.data.entries.map((entry, index) => ({
    ...entry,
    userId,
    place: { sequence: message.sequence, index },
  }));
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
}
