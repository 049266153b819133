import type { Checkpoint, Confirmed, GenerationRecord } from './records.ts';

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
  const { fill } = record;
  const rebuild = { generation, position: null, run: worker, ...(fill && { fill: fill.token }) };
  return { ...record, kept: known, given: generation, rebuild };
}

/** @throws LeaseLostError unless the generation is live by now: then nothing has to be recorded of it */
export function checkpoint(record: GenerationRecord, worker: string, next: Checkpoint): GenerationRecord {
  if (!isWorking(record, worker) && record.live === next.generation) return record;
  assertWorking(record, worker);
  const { generation, position } = next;
  return { ...record, rebuild: { ...record.rebuild, generation, position } };
}

/** Puts the next generation to use. @throws LeaseLostError */
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
 * Ends a rebuild that was interrupted after its switch. The generation that it has put to use may lack the last changes before
 * that, so it is filled. To be called only by a worker that holds the lease.
 */
export function endInterruptedSwitch(record: GenerationRecord, token: string): GenerationRecord {
  const { rebuild, ...others } = record;
  return rebuild?.generation === record.live ? { ...others, fill: { token } } : record;
}

/** Has all documents announced again to the live generation, which lacks some. */
export function beginFill(record: GenerationRecord, token: string): GenerationRecord {
  return record.fill?.token === token ? record : { ...record, fill: { token } };
}

/** All documents are announced that a fill is about, up to this sequence of CHANGES. @throws LeaseLostError */
export function announced(record: GenerationRecord, worker: string, token: string, sequence: number): GenerationRecord {
  assertLease(record, worker);
  const { fill } = record;
  return fill?.token === token && fill.announced === undefined
    ? { ...record, fill: { token, announced: sequence } }
    : record;
}

/** Ends this fill, not one that came later. */
export function endFill(record: GenerationRecord, token: string | undefined): GenerationRecord {
  const { fill, ...others } = record;
  return fill && fill.token === token ? others : record;
}

/** The consumer that was created at that time feeds the live generation. @param missed it lacks what came before that */
export function follow(record: GenerationRecord, feed: string, missed: boolean, token: string): GenerationRecord {
  if (record.feed === feed) return record;
  return { ...record, feed, ...(missed && { fill: { token } }) };
}

/**
 * The vectors are made with this model from now on. Each model has an index of its own, so another one lacks all documents. A
 * next generation that was being filled belongs to the model before: under its number the index of this one has nothing, so
 * nobody may go on with it or switch to it.
 * @param before what is known from elsewhere if the record names none
 * @param mayLack whether the index may lack documents if no model is known
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

/** Records the position that the live generation has; of an earlier one nothing. */
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
 * The record after the log lost it, as a process knows it, beside one that another process has begun meanwhile. A rebuild that
 * was under way begins again: what it had done may be lost with the log. All numbers that are known count as given.
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
