import type { Checkpoint, Confirmed, GenerationRecord } from './records.ts';

/** Another worker has taken over: this one was silent for longer than its lease. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/**
 * Every change of a record, as plain functions: drawn in docs/adr/0030. A change that was already made returns the
 * same record, since the answer to an earlier attempt may have been lost.
 */

/** Call it only if there is no lease, or its worker was silent long enough. */
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
 * Continues with the next generation that an earlier worker has prepared, or begins a new one. An unprepared one is
 * never continued, because its worker may be about to remove its contents. Neither is one that a process uses,
 * because the log may have lost the record of its switch.
 * @param restart begins a new one in any case
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
  // If its generation is already live, it was interrupted after the switch, and nothing of it is left to do.
  const open = before && before.generation !== live ? before : undefined;
  const isUsable = open && open.position !== null && !inUse.includes(open.generation);
  if (isUsable && !restart) return { ...record, rebuild: { ...open, run: worker } };
  const known = without([...kept, ...(open ? [open.generation] : []), ...inUse], live);
  const generation = Math.max(live, record.given ?? 0, ...known) + 1;
  const { fill } = record;
  const rebuild = { generation, position: null, run: worker, ...(fill && { fill: fill.token }) };
  return { ...record, kept: known, given: generation, rebuild };
}

/** @throws LeaseLostError unless the generation is already live: then nothing has to be recorded */
export function checkpoint(record: GenerationRecord, worker: string, next: Checkpoint): GenerationRecord {
  if (!isWorking(record, worker) && record.live === next.generation) return record;
  assertWorking(record, worker);
  const { generation, position } = next;
  return { ...record, rebuild: { ...record.rebuild, generation, position } };
}

/** Makes the next generation live. @throws LeaseLostError */
export function switchOver(record: GenerationRecord, worker: string): GenerationRecord {
  assertWorking(record, worker);
  const { position: _ofBefore, ...others } = record;
  const { live, kept, rebuild } = record;
  return rebuild.generation === live ? record : { ...others, live: rebuild.generation, kept: [...kept, live] };
}

/**
 * Ends the work after the switch, unless another worker has begun.
 * @param isFilled all documents are in the new generation, so the fill that was open when its walk began ends as well
 */
export function finish(
  record: GenerationRecord,
  worker: string,
  { isFilled }: { readonly isFilled: boolean },
): GenerationRecord {
  const { rebuild, ...others } = record;
  if (rebuild?.run !== worker) return record;
  return isFilled ? endFill(others, rebuild.fill) : others;
}

/**
 * Ends a rebuild that was interrupted after its switch. The generation that it made live may lack the last changes
 * before the switch, so it is filled. Only for a worker that holds the lease.
 */
export function endInterruptedSwitch(record: GenerationRecord, token: string): GenerationRecord {
  const { rebuild, ...others } = record;
  return rebuild?.generation === record.live ? { ...others, fill: { token } } : record;
}

/** Starts a fill of the live generation, which is missing documents. */
export function beginFill(record: GenerationRecord, token: string): GenerationRecord {
  return record.fill?.token === token ? record : { ...record, fill: { token } };
}

/** All documents of a fill are announced, up to this sequence of CHANGES. @throws LeaseLostError */
export function announced(record: GenerationRecord, worker: string, token: string, sequence: number): GenerationRecord {
  assertLease(record, worker);
  const { fill } = record;
  return fill?.token === token && fill.announced === undefined
    ? { ...record, fill: { token, announced: sequence } }
    : record;
}

/** Ends this fill, not a later one. */
export function endFill(record: GenerationRecord, token: string | undefined): GenerationRecord {
  const { fill, ...others } = record;
  return fill && fill.token === token ? others : record;
}

/** The consumer that was created at that time feeds the live generation. @param missed earlier changes are missing */
export function follow(record: GenerationRecord, feed: string, missed: boolean, token: string): GenerationRecord {
  if (record.feed === feed) return record;
  return { ...record, feed, ...(missed && { fill: { token } }) };
}

/**
 * The rows of the live generation have this format from now on: all documents are announced to it again if it may have
 * rows of an earlier one.
 */
export function reformat(
  record: GenerationRecord,
  rows: number,
  mayHaveRows: boolean,
  token: string,
): GenerationRecord {
  if ((record.rows ?? 0) >= rows) return record;
  return { ...record, rows, ...(mayHaveRows && { fill: { token } }) };
}

/**
 * The vectors use this model from now on. Each model has its own index, so a different one is missing all documents.
 * A next generation that was being filled belongs to the previous model: under its number this model's index has
 * nothing, so nobody may continue it or switch to it.
 * @param before the model known from elsewhere if the record names none
 * @param mayLack whether the index may be missing documents if no model is known
 */
export function takeOver(
  record: GenerationRecord,
  model: string,
  {
    before,
    mayLack,
    token,
  }: { readonly before: string | undefined; readonly mayLack: boolean; readonly token: string },
): GenerationRecord {
  const known = record.model ?? before;
  if (known === model) return record.model === model ? record : { ...record, model };
  const { position: _ofTheOther, rebuild, ...others } = record;
  const kept = without([...record.kept, ...(rebuild ? [rebuild.generation] : [])], record.live);
  return { ...others, kept, model, ...((known !== undefined || mayLack) && { fill: { token } }) };
}

/** Records the position of the live generation; ignores those of earlier ones. */
export function confirm(record: GenerationRecord, generation: number, position: Confirmed): GenerationRecord {
  const { live, position: before } = record;
  if (live !== generation || (before?.sequence === position.sequence && before.repair === position.repair))
    return record;
  return { ...record, position };
}

/** Generations that were removed. */
export function forget(record: GenerationRecord, removed: readonly number[]): GenerationRecord {
  return { ...record, kept: record.kept.filter((generation) => !removed.includes(generation)) };
}

/**
 * The record after the log lost it, as a process knows it, merged with one that another process has begun meanwhile.
 * A rebuild in progress begins again, because its work may be lost with the log. All known numbers count as used.
 */
export function restored(known: GenerationRecord, stored: GenerationRecord | undefined): GenerationRecord {
  const { live, position, model, feed, fill } = known;
  const records = [known, ...(stored ? [stored] : [])];
  const numbers = records.flatMap(({ kept, live: used, rebuild }) => [
    ...kept,
    used,
    ...(rebuild ? [rebuild.generation] : []),
  ]);
  const given = Math.max(...numbers, ...records.map((record) => record.given ?? 0));
  return { live, kept: without(numbers, live), given, position, model, feed, fill };
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

/** @throws LeaseLostError */
export function assertLease({ lease }: GenerationRecord, worker: string): void {
  if (lease?.worker !== worker) throw lost();
}

function lost(): LeaseLostError {
  return new LeaseLostError('another process has taken over the work on this store');
}
