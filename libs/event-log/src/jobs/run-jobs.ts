import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { nuid } from '@nats-io/transport-node';
import { JOBS_SUBJECT } from '@opensync/contracts';
import { isRetryable, reasonOf, type Logger } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { counter, METRIC, type Registry } from '@opensync/platform/telemetry';
import type { LogConnection } from '../connection.ts';
import { JOBS, type JobName } from './catalogue.ts';
import type { JobDefinition } from './definition.ts';
import { everywhere, serveEverywhere } from './everywhere.ts';
import { JobBook } from './job-book.ts';
import { shownRecords } from './observe.ts';
import { alive, ended, enrolled, taken, type JobRecord, type JobRun } from './record.ts';
import { timetable, type Timetable } from './timetable.ts';

export interface RunJobsContext {
  readonly nc: LogConnection;
  readonly logger: Logger;
  readonly metrics?: Registry;
  readonly disposal: Disposal;
  /** Of the schedules. */
  readonly timeZone?: string;
  /** For tests. */
  readonly now?: () => number;
  readonly everyMs?: number;
  readonly leaseMs?: number;
}

const EVERY_MS = 5000;
/** A run whose sign of life has not changed for this long is another process's. By its own clock: clocks of machines differ. */
const LEASE_MS = 15_000;

/** Runs jobs that are due, each in one process at a time, until the disposal ends it. */
export function runJobs(definitions: readonly JobDefinition[], context: RunJobsContext): void {
  const runner = new JobRunner(definitions, context);
  context.disposal.defer('jobs', () => runner.close());
}

interface Job extends JobDefinition {
  readonly schedule: string;
  readonly times: Timetable;
}

class JobRunner {
  readonly #jobs: readonly Job[];
  readonly #context: RunJobsContext;
  readonly #book: JobBook;
  readonly #now: () => number;
  readonly #timeZone: string;
  readonly #leaseMs: number;
  readonly #stopping = new AbortController();
  readonly #running = new Map<JobName, Promise<void>>();
  /** The last records that were read, for the metrics. */
  readonly #records: Map<JobName, JobRecord>;
  /** The last sign of life of another process's run, and when it was first seen. */
  readonly #seen = new Map<JobName, { readonly sign: string; readonly at: number }>();
  readonly #runs;
  readonly #unsubscribe: () => void;
  readonly #loop: Promise<void>;
  #wake = new AbortController();

  constructor(definitions: readonly JobDefinition[], context: RunJobsContext) {
    const { nc, metrics, timeZone = 'UTC', now = Date.now, leaseMs = LEASE_MS } = context;
    this.#context = context;
    this.#book = new JobBook(nc);
    this.#now = now;
    this.#timeZone = timeZone;
    this.#leaseMs = leaseMs;
    this.#jobs = definitions.map((job) => {
      const schedule = job.schedule ?? JOBS[job.name].schedule;
      return { ...job, schedule, times: timetable(schedule, timeZone) };
    });
    this.#runs = metrics && counter(metrics, METRIC.jobRuns);
    this.#records = metrics ? shownRecords(metrics, now) : new Map();
    const look = nc.subscribe(JOBS_SUBJECT, { callback: () => this.#wake.abort() });
    const served = this.#jobs.filter((job) => job.everywhere).map((job) => serveEverywhere(nc, job, this.#now));
    this.#unsubscribe = () => [look, ...served].forEach((subscription) => subscription.unsubscribe());
    this.#loop = this.#run();
  }

  /** Runs in progress are told to end, and left if they do not: another process repeats them. */
  async close(): Promise<void> {
    this.#stopping.abort();
    if (!this.#context.nc.isClosed()) this.#unsubscribe();
    await this.#loop;
    await Promise.all(this.#running.values());
  }

  async #run(): Promise<void> {
    let failed = false;
    while (!this.#stopping.signal.aborted) {
      try {
        for (const job of this.#jobs) await this.#look(job);
        failed = false;
      } catch (err) {
        // An outage is over soon; a bug must not end the loop, nor fill the log.
        if (!failed && !isRetryable(err)) this.#context.logger.error({ err }, 'jobs cannot be read; retrying');
        failed = true;
      }
      const signal = AbortSignal.any([this.#wake.signal, this.#stopping.signal]);
      await delay(this.#context.everyMs ?? EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
    }
  }

  async #look(job: Job): Promise<void> {
    if (this.#running.has(job.name) || this.#stopping.signal.aborted) return;
    const { name, schedule, times } = job;
    const worker = `${nuid.next()}@${hostname()}:${process.pid}`;
    const record = await this.#book.change(name, (before) => {
      const now = this.#now();
      const known = enrolled(before, { schedule, timeZone: this.#timeZone }, { times, now });
      return taken(known, { worker, now, times, isAbandoned: this.#isAbandoned(name, known) }) ?? known;
    });
    this.#records.set(name, record!);
    if (record!.run?.worker !== worker) return;
    const work = this.#work(job, worker, record!.run).finally(() => {
      this.#running.delete(name);
      this.#wake.abort();
    });
    this.#running.set(name, work);
  }

  #isAbandoned(name: JobName, { run }: JobRecord): boolean {
    const sign = run && `${run.worker} ${run.beat}`;
    const seen = this.#seen.get(name);
    if (sign === undefined) this.#seen.delete(name);
    else if (seen?.sign !== sign) this.#seen.set(name, { sign, at: performance.now() });
    else return performance.now() - seen.at > this.#leaseMs;
    return false;
  }

  async #work(job: Job, worker: string, run: JobRun): Promise<void> {
    const { logger, nc } = this.#context;
    const { name } = job;
    const lost = new AbortController();
    const beat = async () => {
      const record = await this.#book.change(name, (before) => before && alive(before, worker));
      if (record?.run?.worker !== worker) lost.abort();
    };
    // While the log is away the run goes on: nobody else can take it over, either.
    const beats = setInterval(() => void beat().catch(() => undefined), this.#leaseMs / 4);
    const signal = AbortSignal.any([this.#stopping.signal, lost.signal]);
    const isRequested = run.requested === true;
    const context = { plannedAt: run.plannedAt, since: run.since, now: this.#now(), isRequested, signal };
    let end: { outcome: 'ok' | 'failed'; note: string };
    try {
      const note = await (job.everywhere ? unlessAborted(everywhere(nc, name), signal) : job.run(context));
      end = { outcome: 'ok', note };
    } catch (err) {
      end = { outcome: 'failed', note: reasonOf(err) };
      if (!signal.aborted && !isRetryable(err)) logger.error({ err, job: name }, 'a job failed; retrying');
    } finally {
      clearInterval(beats);
    }
    // Another process repeats what this one could not finish before its end.
    const isCutOff = lost.signal.aborted || (this.#stopping.signal.aborted && end.outcome === 'failed');
    if (!isCutOff) await this.#end(name, worker, end);
  }

  async #end(name: JobName, worker: string, end: { outcome: 'ok' | 'failed'; note: string }): Promise<void> {
    this.#runs?.inc({ task: name, outcome: end.outcome });
    try {
      const record = await this.#book.change(
        name,
        (before) => before && ended(before, worker, { now: this.#now(), ...end }),
      );
      if (record) this.#records.set(name, record);
    } catch (err) {
      // Without the record the run counts as abandoned, and is repeated.
      this.#context.logger.warn(
        { err, job: name },
        'the result of a job run could not be stored; the job will run again',
      );
    }
  }
}

/** Answers of others are not waited for at the end of a process. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(new Error('the process ends'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
