import { JOBS_SUBJECT } from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { JOB_NAMES, JOBS, type JobName } from './catalogue.ts';
import { JobBook, noSuchJob } from './job-book.ts';
import { lateSeconds, paused, requested, resumed, stateOf, type JobRecord } from './record.ts';
import { timetable } from './timetable.ts';

/** A job as operators see it. Times are milliseconds since the epoch. */
export interface JobReport {
  readonly name: JobName;
  readonly about: string;
  readonly schedule: string;
  readonly timeZone: string;
  readonly state: ReturnType<typeof stateOf>;
  /** Null while it is paused. */
  readonly nextAt: number | null;
  readonly lateSeconds: number;
  /** Failed runs in a row. */
  readonly failures: number;
  readonly succeededAt: number | null;
  /** `missed`: planned times that it made up for, besides its own. */
  readonly last: NonNullable<JobRecord['last']> | null;
}

/** The jobs that any process runs or has run. @throws AppError UNAVAILABLE */
export async function readJobs(nc: LogConnection, now: number): Promise<JobReport[]> {
  const book = new JobBook(nc);
  const records = await Promise.all(JOB_NAMES.map(async (name) => ({ name, record: await book.of(name) })));
  return records.flatMap(({ name, record }) => (record ? [reportOf(name, record, now)] : []));
}

export const JOB_COMMANDS = ['run', 'pause', 'resume'] as const;
export type JobCommand = (typeof JOB_COMMANDS)[number];

/**
 * `run` starts it soon, also if it is paused; `pause` keeps it from starting. Resolves before a run has begun.
 * @throws AppError NOT_FOUND, UNAVAILABLE
 */
export async function commandJob(
  nc: LogConnection,
  name: string,
  command: JobCommand,
  now: number,
): Promise<JobReport> {
  const known = JOB_NAMES.find((one) => one === name);
  if (!known) throw noSuchJob(name);
  const record = await new JobBook(nc).change(known, (before) => before && CHANGES[command](before, now));
  if (!record) throw noSuchJob(name);
  if (command === 'run') nc.publish(JOBS_SUBJECT);
  return reportOf(known, record, now);
}

const CHANGES: Readonly<Record<JobCommand, (record: JobRecord, now: number) => JobRecord>> = {
  run: requested,
  pause: paused,
  resume: (record, now) => resumed(record, { times: timetable(record.schedule, record.timeZone), now }),
};

function reportOf(name: JobName, record: JobRecord, now: number): JobReport {
  const { schedule, timeZone, pausedAt, nextAt, failures, succeededAt, last } = record;
  return {
    ...{ name, about: JOBS[name].about, schedule, timeZone, state: stateOf(record) },
    nextAt: pausedAt === undefined ? nextAt : null,
    lateSeconds: Math.round(lateSeconds(record, now)),
    failures,
    succeededAt: succeededAt ?? null,
    last: last ?? null,
  };
}
