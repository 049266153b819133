import { commandJob, readJobs, type JobCommand, type JobReport } from '@opensync/event-log/jobs';
import type { Settings } from '@opensync/platform';
import { duration, moment, printable, table } from './output.ts';
import type { CommandContext } from './shared-syntax.ts';
import { provideStreams, withTarget } from './target.ts';

const NOTE_CHARACTERS = 60;

export async function listJobs(settings: Settings, { json, output, now }: CommandContext): Promise<number> {
  const jobs = await withTarget(settings, { create: false, note: output.note }, async (target) => {
    await provideStreams(target, settings);
    return readJobs(target.nc, now);
  });
  if (json) output.print(JSON.stringify(jobs));
  else if (jobs.length === 0) output.note('No process has run jobs here yet.');
  else output.print(table(['JOB', 'SCHEDULE', 'STATE', 'NEXT', 'LAST', 'RESULT'], jobs.map(rowOf)));
  return 0;
}

/** Records the command for the job, and resolves then; a running process soon carries it out. */
export async function steerJob(
  settings: Settings,
  name: string,
  command: JobCommand,
  { json, output, now }: CommandContext,
): Promise<number> {
  const job = await withTarget(settings, { create: false, note: output.note }, async (target) => {
    await provideStreams(target, settings);
    const told = await commandJob(target.nc, name, command, now);
    await target.nc.flush();
    if (target.kind === 'stopped') output.note('No OpenSync is running here; this counts from its next start.');
    return told;
  });
  output.print(json ? JSON.stringify(job) : SAID[command](job));
  return 0;
}

const SAID: Readonly<Record<JobCommand, (job: JobReport) => string>> = {
  run: ({ name }) => `${name} runs soon; its result: opensync jobs list`,
  pause: ({ name }) => `${name} is paused`,
  resume: ({ name, nextAt }) => `${name} runs next at ${moment(nextAt ?? undefined)} UTC`,
};

function rowOf(job: JobReport): string[] {
  const { last } = job;
  const result = last ? `${last.outcome}: ${printable(last.note)}` : '–';
  return [
    job.name,
    job.timeZone === 'UTC' ? job.schedule : `${job.schedule} ${job.timeZone}`,
    jobState(job),
    moment(job.nextAt ?? undefined),
    moment(last?.endedAt),
    result.length <= NOTE_CHARACTERS ? result : `${result.slice(0, NOTE_CHARACTERS - 1)}…`,
  ];
}

/** A job that is this late is a problem: most run each day, and are tried again after an hour at most. */
const LATE_SECONDS = 2 * 60 * 60;

export function isTroubled({ lateSeconds, failures }: JobReport): boolean {
  return lateSeconds > LATE_SECONDS || failures > 1;
}

export function jobState({ state, lateSeconds }: Pick<JobReport, 'state' | 'lateSeconds'>): string {
  return lateSeconds < 60 || state === 'running' ? state : `${state}, ${duration(lateSeconds)} late`;
}
