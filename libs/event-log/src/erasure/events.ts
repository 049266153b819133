import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { eventSubject, NONE, ownerSubjects, parseEventSubject, type Owner } from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { isGoneAlready } from '../jetstream-codes.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/** Events that are recorded together as removed. */
const PORTION = 256;
/** Each takes the server a write to its disk. */
const AT_ONCE = 16;

/** A subject whose events an erasure removes. */
interface ErasedSubject {
  readonly subject: string;
  /** Its last event stays: it says that the owner has left, and names nobody. */
  readonly keepsLast: boolean;
}

/**
 * The subjects of an owner, and that of a user who has no other workspace. What says that the owner was erased stays.
 */
async function erasedSubjects(
  nc: LogConnection,
  owner: Owner,
  { isGone }: { readonly isGone: boolean },
): Promise<ErasedSubject[]> {
  const filters = [ownerSubjects(owner), ...(isGone ? [eventSubject({ ...owner, workspaceId: NONE }, 'user')] : [])];
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const found: ErasedSubject[] = [];
    for (const filter of filters) {
      const { state } = await manager.streams.info(STREAM.events, { subjects_filter: filter });
      for (const subject of Object.keys(state.subjects ?? {})) {
        const entity = parseEventSubject(subject)?.entity;
        if (entity !== 'erasure') found.push({ subject, keepsLast: entity === 'user' });
      }
    }
    return found;
  });
}

/**
 * Whether the owner has an event about sessions or keys behind a sequence: of a request that had begun before the erasure.
 * @throws AppError UNAVAILABLE
 */
export async function hasEventBehind(nc: LogConnection, owner: Owner, sequence: number): Promise<boolean> {
  const subjects = await erasedSubjects(nc, owner, { isGone: false });
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    for (const { subject, keepsLast } of subjects) {
      if (keepsLast) continue;
      const last = await manager.streams.getMessage(STREAM.events, { last_by_subj: subject });
      if (last && last.seq > sequence) return true;
    }
    return false;
  });
}

/** Whether everything that an owner has on the log is from before their last erasure. @throws AppError UNAVAILABLE */
export async function isErased(nc: LogConnection, owner: Owner): Promise<boolean> {
  const sequence = await orUnavailable(nc, async () => {
    const { streams } = await jetstreamManager(nc, { checkAPI: false });
    return (await streams.getMessage(STREAM.events, { last_by_subj: eventSubject(owner, 'erasure') }))?.seq;
  });
  return sequence !== undefined && !(await hasEventBehind(nc, owner, sequence));
}

export interface EventErasure {
  /** Events about sessions and keys from before this sequence. */
  readonly before: number;
  /** The user has no other workspace. */
  readonly isGone: boolean;
  /** When to stop, of the clock of `performance.now`. */
  readonly until: number;
  /** Called with how many are removed next; they are removed once it resolves. */
  readonly onRemoving: (events: number) => Promise<void>;
}

/**
 * Removes the events of an owner and overwrites their bytes on the disk. Resolves with whether none is left.
 * @throws AppError UNAVAILABLE
 */
export async function eraseEvents(
  nc: LogConnection,
  owner: Owner,
  { before, isGone, until, onRemoving }: EventErasure,
): Promise<boolean> {
  const subjects = await erasedSubjects(nc, owner, { isGone });
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    for (const { subject, keepsLast } of subjects) {
      const last = await manager.streams.getMessage(STREAM.events, { last_by_subj: subject });
      const to = keepsLast ? (last?.seq ?? 0) - 1 : before - 1;
      for (let from = 1; ;) {
        if (performance.now() > until) return false;
        const found = await nextSequences(manager, { subject, from, to });
        if (found.length === 0) break;
        await onRemoving(found.length);
        from = found.at(-1)! + 1;
        const worker = async () => {
          for (let sequence = found.pop(); sequence !== undefined; sequence = found.pop())
            await erase(manager, sequence);
        };
        await Promise.all(Array.from({ length: AT_ONCE }, worker));
      }
    }
    return true;
  });
}

/** The sequences of the next messages of a subject, according to the leader. */
async function nextSequences(
  manager: JetStreamManager,
  { subject, from, to }: { subject: string; from: number; to: number },
): Promise<number[]> {
  const found: number[] = [];
  for (let seq = from; seq <= to && found.length < PORTION;) {
    const next: { seq: number; next_by_subj: string } = { seq, next_by_subj: subject };
    const message = await manager.streams.getMessage(STREAM.events, next);
    if (!message || message.seq > to) break;
    found.push(message.seq);
    seq = message.seq + 1;
  }
  return found;
}

async function erase(manager: JetStreamManager, sequence: number): Promise<void> {
  try {
    await manager.streams.deleteMessage(STREAM.events, sequence, true);
  } catch (error) {
    if (!isGoneAlready(error)) throw error;
  }
}
