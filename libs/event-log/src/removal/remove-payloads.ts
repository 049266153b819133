import { setTimeout as delay } from 'node:timers/promises';
import { ownerKey, type Owner } from '@opensync/contracts';
import { isRetryable } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import { isErased } from '../erasure/events.ts';
import { condemn, eraseAll, sweep } from '../payloads/condemned.ts';
import { streamEnds } from '../read/replay.ts';
import { deletionsIn, namedByDeleted } from './named-payloads.ts';
import { PendingRemovals, type PendingRemoval, type Removal } from './pending.ts';

/**
 * How long a payload that a gateway found stored may be named by an event that is not in the log yet, in milliseconds. A request has
 * two minutes to arrive and is answered within two and a half; this is several times as long.
 */
export const GRACE_MS = 15 * 60_000;
const EVERY_MS = 30_000;
/** What deletes: a session, or whatever a user has. */
const DELETIONS = ['osk.events.*.*.session', 'osk.events.*.*.erasure'];

export interface RemovalOptions {
  readonly graceMs?: number;
  readonly everyMs?: number;
  /** Does what is due of one owner; tests give another. */
  readonly step?: typeof removalStep;
  /** Called with how many payloads of an owner were removed. */
  readonly onRemoved?: (pending: PendingRemoval, payloads: number) => void;
  /** Called with an error that is no outage. */
  readonly onFailure?: (error: unknown) => void;
}

export type Step = 'marked' | 'waiting' | 'removed';

/**
 * Does what is due of an owner's removal: marks the payloads that only deleted events name, or, after the time of grace, removes
 * those that still are. Both may be repeated after they were interrupted, and by several processes at once.
 * @param markedBefore by the clock of the server: whatever was found stored before then is named by events in the log by now
 * @throws AppError UNAVAILABLE
 */
export async function removalStep(
  nc: LogConnection,
  pending: PendingRemoval,
  markedBefore: number,
): Promise<{ readonly step: Step; readonly payloads: number }> {
  const removals = new PendingRemovals(nc);
  const { owner, requested, marked } = pending;
  if (!marked) {
    let payloads = 0;
    for await (const named of namedByDeleted(nc, owner, requested)) {
      for (const { sha256, isNamed } of named) {
        if (isNamed) continue;
        await condemn(nc, owner, sha256);
        payloads++;
      }
    }
    const at = await removals.serverTime();
    await removals.change(owner, (removal) => removal && { ...removal, marked: { through: requested, at } });
    return { step: 'marked', payloads };
  }
  if (marked.at >= markedBefore) return { step: 'waiting', payloads: 0 };
  let payloads = 0;
  let isWhole = true;
  for await (const named of namedByDeleted(nc, owner, marked.through)) {
    for (const { sha256, isNamed } of named) {
      const swept = await sweep(nc, owner, sha256, { markedBefore, isNamed });
      if (swept === 'removed' || swept === 'stored again') payloads++;
      // By a request that was repeated, or that failed: no event names it, so it is removed like the first one.
      const isLeftOver = swept === 'stored again' && !isNamed;
      if (isLeftOver) await condemn(nc, owner, sha256);
      if (isLeftOver || swept === 'too young') isWhole = false;
    }
  }
  if (await isErased(nc, owner)) isWhole = (await eraseAll(nc, owner, markedBefore)) && isWhole;
  if (!isWhole) {
    // The log of this owner need not be read again before the youngest mark is due.
    const at = await removals.serverTime();
    const isSame = (removal: Removal) => removal.marked?.at === marked.at && removal.marked.through === marked.through;
    await removals.change(owner, (removal) => {
      return removal && isSame(removal) ? { ...removal, marked: { ...marked, at } } : removal;
    });
    return { step: 'waiting', payloads };
  }
  await removals.change(owner, (removal) => {
    if (!removal || removal.requested <= marked.through) return undefined;
    return { requested: removal.requested, done: marked.through, since: removal.since };
  });
  return { step: 'removed', payloads };
}

/**
 * Records the deletions since the last search: those folded by a projector of an earlier version, and those of an
 * import, which stores removed payloads again.
 * @throws AppError UNAVAILABLE
 */
export async function deriveRemovals(nc: LogConnection): Promise<void> {
  const removals = new PendingRemovals(nc);
  await removals.derive(async (derived) => {
    const { last } = await streamEnds(nc);
    // Another log has replaced the one that was read.
    const from = derived > last ? 1 : derived + 1;
    const found = new Map<string, { owner: Owner; first: number; last: number }>();
    for (const subject of DELETIONS) {
      for await (const { owner, sequence } of deletionsIn(nc, subject, last, from)) {
        const { first: before = sequence, last: after = sequence } = found.get(ownerKey(owner)) ?? {};
        found.set(ownerKey(owner), { owner, first: Math.min(before, sequence), last: Math.max(after, sequence) });
      }
    }
    for (const { owner, ...ends } of found.values()) {
      await removals.request(owner, ends.first);
      await removals.request(owner, ends.last);
    }
    return last;
  });
}

/** Removes the payloads of deleted sessions as they become due. Returns a function that ends it. */
export function removePayloads(
  nc: LogConnection,
  { graceMs = GRACE_MS, everyMs = EVERY_MS, step: doStep = removalStep, onRemoved, onFailure }: RemovalOptions = {},
): () => Promise<void> {
  const removals = new PendingRemovals(nc);
  const stopping = new AbortController();
  /**
   * The log is unavailable: retry later. Any other error is a bug, which must end neither the process nor the next
   * attempt.
   */
  const report = (error: unknown) => {
    if (!isRetryable(error)) onFailure?.(error);
  };
  let isDerived = false;
  const look = async () => {
    if (!isDerived || (await removals.isToBeDerived())) await deriveRemovals(nc);
    isDerived = true;
    const all = await removals.all();
    if (all.length === 0) return;
    const now = await removals.serverTime();
    if (await removals.isHeld(now)) return;
    for (const pending of all) {
      if (stopping.signal.aborted) return;
      try {
        const { step, payloads } = await doStep(nc, pending, now - graceMs);
        if (step === 'removed') onRemoved?.(pending, payloads);
      } catch (error) {
        // It must not keep the other owners waiting.
        report(error);
      }
    }
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await look();
      } catch (error) {
        report(error);
      }
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
