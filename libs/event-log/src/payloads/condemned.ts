import { payloadSubject, payloadSubjects, type Owner } from '@opensync/contracts';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';
import { isConflict, isGoneAlready } from '../jetstream-codes.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { fromLeader, lastAtLeader } from './chunk-reader.ts';
import { CHUNK_HEADER, sequenceIn } from './chunks.ts';

/**
 * Removing a payload safely takes two steps, because a writer that finds it stored relies on it. First a mark is
 * stored after it: from then on, writers store the same content again. After a time longer than any request, the
 * events of all writers that found it before the mark are in the log. If none of them names it, the payload before
 * the mark is removed; content stored again after the mark stays. See docs/adr/0029.
 */

/** Stores a mark after a payload, unless there is one or nothing is stored. @throws AppError UNAVAILABLE */
export async function condemn(nc: LogConnection, owner: Owner, sha256: string): Promise<void> {
  const subject = payloadSubject(owner, sha256);
  await orUnavailable(nc, async () => {
    const last = await lastAtLeader(nc, subject);
    if (!last || sequenceIn(last, CHUNK_HEADER.condemned) !== undefined) return;
    const end = sequenceIn(last, CHUNK_HEADER.kept) ?? last.sequence;
    const isMarked = await publishBehind(nc, subject, last.sequence, { [CHUNK_HEADER.condemned]: end });
    if (isMarked && end !== last.sequence) await erase(await jetstreamManager(nc, { checkAPI: false }), last.sequence);
  });
}

/**
 * Stores a message without content, unless another message followed `last`: the payload itself, or another process's
 * mark.
 */
async function publishBehind(
  nc: LogConnection,
  subject: string,
  last: number,
  said: Readonly<Record<string, number>>,
): Promise<boolean> {
  const lines = headers();
  for (const [name, sequence] of Object.entries(said)) lines.set(name, String(sequence));
  try {
    await jetstream(nc).publish(subject, undefined, { headers: lines, expect: { lastSubjectSequence: last } });
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}

export interface Sweep {
  /** By the server's clock, milliseconds since the epoch: younger marks stay. */
  readonly markedBefore: number;
  /**
   * Whether an event that is not deleted names the payload. Checks all events that were stored until after
   * `markedBefore`.
   */
  readonly isNamed: boolean;
}

/** `stored again`: the payload before the mark is removed, and the same content exists after it. */
export type Swept = 'removed' | 'stored again' | 'kept' | 'not marked' | 'too young';

/**
 * Removes a payload before its mark, or withdraws the mark if the payload is still named. May be repeated after an
 * interruption. The bytes are overwritten on the disk.
 * @throws AppError UNAVAILABLE
 */
export async function sweep(
  nc: LogConnection,
  owner: Owner,
  sha256: string,
  { markedBefore, isNamed }: Sweep,
): Promise<Swept> {
  const subject = payloadSubject(owner, sha256);
  return orUnavailable(nc, async () => {
    const last = await lastAtLeader(nc, subject);
    if (!last) return 'not marked';
    const isMark = sequenceIn(last, CHUNK_HEADER.condemned) !== undefined;
    const sequence = isMark ? last.sequence : sequenceIn(last, CHUNK_HEADER.replaces);
    const mark =
      isMark || sequence === undefined ? last : await fromLeader(nc, { seq: sequence, next_by_subj: subject });
    if (sequence === undefined || mark?.sequence !== sequence) return 'not marked';
    if (mark.storedAt >= markedBefore) return 'too young';
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const end = sequenceIn(mark, CHUNK_HEADER.condemned);
    // The payload that was stored again is complete, and readers get it.
    if (isMark && isNamed && end !== undefined) {
      // Not by removing the last message: nats-server 2.12.1 would then find none before it.
      if (await publishBehind(nc, subject, sequence, { [CHUNK_HEADER.kept]: end })) await erase(manager, sequence);
      return 'kept';
    }
    // The last chunk first: without it, the payload counts as removed instead of damaged.
    if (end !== undefined) await erase(manager, end);
    // One by one, so that their bytes are overwritten; also leftovers of an interrupted attempt.
    for (let from = 1; ;) {
      const next = await fromLeader(nc, { seq: from, next_by_subj: subject });
      if (!next || next.sequence >= sequence) break;
      await erase(manager, next.sequence);
      from = next.sequence + 1;
    }
    // The mark last.
    await manager.streams.purge(STREAM.payloads, { filter: subject, seq: sequence + 1 });
    return isMark ? 'removed' : 'stored again';
  });
}

/**
 * Removes whatever an owner has stored before a time, also what no event has ever named. Only for owners of whom no event names
 * any payload. Resolves with whether nothing is left. @throws AppError UNAVAILABLE
 */
export async function eraseAll(nc: LogConnection, owner: Owner, before: number): Promise<boolean> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    let isWhole = true;
    for (let from = 1; ;) {
      const next = await fromLeader(nc, { seq: from, next_by_subj: payloadSubjects(owner) });
      if (!next) return isWhole;
      from = next.sequence + 1;
      if (next.storedAt < before) await erase(manager, next.sequence);
      else isWhole = false;
    }
  });
}

/** How many payloads an owner has stored, with marks of those that were removed. @throws AppError UNAVAILABLE */
export async function countPayloads(nc: LogConnection, owner: Owner): Promise<number> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const { state } = await manager.streams.info(STREAM.payloads, { subjects_filter: payloadSubjects(owner) });
    return Object.keys(state.subjects ?? {}).length;
  });
}

/** Removes a message and overwrites its bytes. */
async function erase(manager: JetStreamManager, sequence: number): Promise<void> {
  try {
    await manager.streams.deleteMessage(STREAM.payloads, sequence, true);
  } catch (error) {
    if (!isGoneAlready(error)) throw error;
  }
}
