import { z } from 'zod';
import type { Timetable } from './timetable.ts';

/** Times are milliseconds since the epoch. */
const time = z.number();
const runSchema = z.object({
  /** Unique per process, and says where it runs. */
  worker: z.string(),
  /** The planned time, or when an operator asked for it. */
  plannedAt: time,
  /** The planned time of the last successful run: what has happened since is this one's to do. */
  since: time,
  startedAt: time,
  /** An operator asked for it. */
  requested: z.boolean().optional(),
  /** From 1; more after failures, and after processes that died. */
  attempt: z.number(),
  /** A sign of life: it changes as long as the process works. */
  beat: z.number(),
});
const endSchema = z.object({
  plannedAt: time,
  startedAt: time,
  endedAt: time,
  outcome: z.enum(['ok', 'failed']),
  /** What it did, or why it failed: one line. */
  note: z.string(),
  /** Planned times that it made up for, besides its own. */
  missed: z.number().default(0),
});

/** The stored state of a job: what all processes agree on. */
export const jobRecordSchema = z.object({
  schedule: z.string(),
  timeZone: z.string(),
  /** The first planned time that no run has taken. */
  nextAt: time,
  pausedAt: time.optional(),
  /** An operator asked for a run. */
  requestedAt: time.optional(),
  run: runSchema.extend({ missed: z.number().default(0) }).optional(),
  last: endSchema.optional(),
  /** The planned time of the last run that succeeded. */
  done: time.optional(),
  /** When a run last ended well. */
  succeededAt: time.optional(),
  /** Failures since then. */
  failures: z.number().default(0),
  /** When to try again after a failure. */
  retryAt: time.optional(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;
export type JobRun = NonNullable<JobRecord['run']>;

/** A job that was away for longer makes up for this much. */
export const CATCH_UP_MS = 31 * 24 * 60 * 60_000;
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 60 * 60_000;
const NOTE_CHARACTERS = 300;

/** Pure, as all functions here. A new schedule counts from now on. */
export function enrolled(
  record: JobRecord | undefined,
  { schedule, timeZone }: { schedule: string; timeZone: string },
  { times, now }: { times: Timetable; now: number },
): JobRecord {
  if (!record) return { schedule, timeZone, nextAt: times.after(now), failures: 0 };
  if (record.schedule === schedule && record.timeZone === timeZone) return record;
  return { ...record, schedule, timeZone, nextAt: times.after(now) };
}

/**
 * The record with a run of this worker; undefined if nothing is due.
 * @param isAbandoned the process of the current run is dead, or hangs
 */
export function taken(
  record: JobRecord,
  { worker, now, times, isAbandoned }: { worker: string; now: number; times: Timetable; isAbandoned: boolean },
): (JobRecord & { readonly run: JobRun }) | undefined {
  const { run, last, requestedAt, retryAt } = record;
  const since = Math.max(record.done ?? now, now - CATCH_UP_MS);
  const begin = (
    of: Pick<JobRun, 'plannedAt' | 'attempt' | 'missed' | 'requested'>,
    changes: Partial<JobRecord> = {},
  ) => ({
    ...record,
    requestedAt: undefined,
    retryAt: undefined,
    ...changes,
    run: { ...of, worker, since: Math.min(since, of.plannedAt), startedAt: now, beat: 0 },
  });
  if (run && !isAbandoned) return undefined;
  if (run) return begin({ ...run, attempt: run.attempt + 1 }, { requestedAt });
  if (requestedAt !== undefined) return begin({ plannedAt: requestedAt, requested: true, attempt: 1, missed: 0 });
  if (record.pausedAt !== undefined) return undefined;
  if (record.nextAt <= now) {
    const { at, count } = times.latest(record.nextAt, now);
    return begin({ plannedAt: at, attempt: 1, missed: count - 1 }, { nextAt: times.after(Math.max(at, now)) });
  }
  if (last && retryAt !== undefined && retryAt <= now) {
    return begin({ plannedAt: last.plannedAt, attempt: record.failures + 1, missed: last.missed });
  }
  return undefined;
}

/** The record without the run of this worker; undefined if the run is another one's by now. */
export function ended(
  record: JobRecord,
  worker: string,
  { now, outcome, note }: { now: number; outcome: 'ok' | 'failed'; note: string },
): JobRecord | undefined {
  const { run } = record;
  if (run?.worker !== worker) return undefined;
  const { plannedAt, startedAt, missed } = run;
  const last = { plannedAt, startedAt, endedAt: now, outcome, note: note.slice(0, NOTE_CHARACTERS), missed };
  const over = { ...record, run: undefined, last };
  if (outcome === 'ok') return { ...over, done: plannedAt, succeededAt: now, failures: 0, retryAt: undefined };
  const failures = record.failures + 1;
  const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
  return { ...over, failures, retryAt: now + pause };
}

export function alive(record: JobRecord, worker: string): JobRecord | undefined {
  const { run } = record;
  return run?.worker === worker ? { ...record, run: { ...run, beat: run.beat + 1 } } : undefined;
}

/** A paused job runs only if an operator asks for it. */
export function paused(record: JobRecord, now: number): JobRecord {
  return record.pausedAt === undefined ? { ...record, pausedAt: now } : record;
}

/** What was due in the meantime is not run: the next run covers it. */
export function resumed(record: JobRecord, { times, now }: { times: Timetable; now: number }): JobRecord {
  return record.pausedAt === undefined ? record : { ...record, pausedAt: undefined, nextAt: times.after(now) };
}

/** As soon as a process looks, or after the current run. */
export function requested(record: JobRecord, now: number): JobRecord {
  return { ...record, requestedAt: record.requestedAt ?? now };
}

export const JOB_STATES = ['waiting', 'running', 'paused', 'failing'] as const;

export function stateOf({ run, pausedAt, failures }: JobRecord): (typeof JOB_STATES)[number] {
  if (run) return 'running';
  if (pausedAt !== undefined) return 'paused';
  return failures > 0 ? 'failing' : 'waiting';
}

/** Seconds since the first planned time that no run has completed; 0: nothing is due, or it is paused. */
export function lateSeconds({ run, last, nextAt, pausedAt, failures }: JobRecord, now: number): number {
  if (pausedAt !== undefined) return 0;
  const due = [nextAt, ...(run ? [run.plannedAt] : []), ...(failures > 0 && last ? [last.plannedAt] : [])];
  return Math.max(0, (now - Math.min(...due)) / 1000);
}
