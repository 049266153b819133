import type { Checkpoint, GenerationRecord } from './records.ts';

/** Another worker has taken over: this one was silent for longer than its lease. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/*
 * Every change of a record, as plain functions: drawn in docs/adr/0030. A change that has been made already gives back the same
 * record, since the answer to an earlier attempt may have been lost.
 */

/** To be called only if there is no lease, or its worker was silent for long enough. */
export function takeLease(record: GenerationRecord, worker: string): GenerationRecord {
  return record.lease?.worker === worker ? record : { ...record, lease: { worker, beat: 0 } };
}

export function beat(record: GenerationRecord, worker: string): GenerationRecord {
  const { lease } = record;
  return lease?.worker === worker ? { ...record, lease: { worker, beat: lease.beat + 1 } } : record;
}

export function release(record: GenerationRecord, worker: string): GenerationRecord {
  const { lease, ...others } = record;
  return lease?.worker === worker ? others : record;
}

/**
 * Goes on with the next generation that an earlier worker has prepared, or begins one of its own. One that was not prepared is
 * never gone on with: its worker may be about to remove what lies there. Neither is one that a process uses: the log may have
 * lost the record of its switch.
 * @param restart begins another one in any case
 * @throws LeaseLostError
 */
export function begin(
  record: GenerationRecord,
  worker: string,
  { restart, inUse }: { readonly restart: boolean; readonly inUse: readonly number[] },
): GenerationRecord {
  assertLease(record, worker);
  const { live, kept, rebuild: before } = record;
  if (before?.run === worker) return record;
  // If its generation is live already, it was interrupted after the switch: there is nothing left of it to do.
  const open = before && before.generation !== live ? before : undefined;
  const isUsable = open && open.position !== null && !inUse.includes(open.generation);
  if (isUsable && !restart) return { ...record, rebuild: { ...open, run: worker } };
  const known = without([...kept, ...(open ? [open.generation] : []), ...inUse], live);
  const generation = Math.max(live, record.given ?? 0, ...known) + 1;
  return { ...record, kept: known, given: generation, rebuild: { generation, position: null, run: worker } };
}

/** @throws LeaseLostError unless the generation is live by now: then nothing has to be recorded of it */
export function checkpoint(record: GenerationRecord, worker: string, next: Checkpoint): GenerationRecord {
  if (!isWorking(record, worker) && record.live === next.generation) return record;
  assertWorking(record, worker);
  return { ...record, rebuild: { ...next, run: worker } };
}

/** Puts the next generation to use. @throws LeaseLostError */
export function switchOver(record: GenerationRecord, worker: string): GenerationRecord {
  assertWorking(record, worker);
  const { live, kept, rebuild } = record;
  return rebuild.generation === live ? record : { ...record, live: rebuild.generation, kept: [...kept, live] };
}

/** Ends the work after the switch, unless another worker has begun. */
export function finish(record: GenerationRecord, worker: string): GenerationRecord {
  const { rebuild, ...others } = record;
  return rebuild?.run === worker ? others : record;
}

/** Generations that were removed. */
export function forget(record: GenerationRecord, removed: readonly number[]): GenerationRecord {
  return { ...record, kept: record.kept.filter((generation) => !removed.includes(generation)) };
}

/**
 * The record after the log lost it, as a process knows it, beside one that another process has begun meanwhile. A rebuild that
 * was under way begins again: what it had done may be lost with the log. All numbers that are known count as given.
 */
export function restored(known: GenerationRecord, stored: GenerationRecord | undefined): GenerationRecord {
  const { live } = known;
  const records = [known, ...(stored ? [stored] : [])];
  const numbers = records.flatMap(({ kept, live: used, rebuild }) => [
    ...kept,
    used,
    ...(rebuild ? [rebuild.generation] : []),
  ]);
  return { live, kept: without(numbers, live), given: Math.max(...numbers, ...records.map(({ given = 0 }) => given)) };
}

function without(numbers: readonly number[], live: number): number[] {
  return [...new Set(numbers)].filter((generation) => generation !== live);
}

type Working = GenerationRecord & Required<Pick<GenerationRecord, 'rebuild'>>;

function isWorking(record: GenerationRecord, worker: string): record is Working {
  return record.lease?.worker === worker && record.rebuild?.run === worker;
}

function assertWorking(record: GenerationRecord, worker: string): asserts record is Working {
  if (!isWorking(record, worker)) throw lost();
}

function assertLease({ lease }: GenerationRecord, worker: string): void {
  if (lease?.worker !== worker) throw lost();
}

function lost(): LeaseLostError {
  return new LeaseLostError('another process has taken over the work on this store');
}
