import { JOB_NAMES, JOB_STATES } from '@opensync/event-log/jobs';
import { amount, named, time, type ApiParameter, type ApiRoute } from '@opensync/platform/api-document';
import { z } from 'zod';
import { read } from './read-route.ts';

const job = named(
  'Job',
  z.strictObject({
    name: z.enum(JOB_NAMES),
    about: z.string(),
    schedule: z.string().describe('A cron expression'),
    timeZone: z.string().describe('In which it is read'),
    state: z.enum(JOB_STATES),
    nextAt: time.nullable().describe('Null while it is paused'),
    lateSeconds: amount.describe('Since the first planned time that no run has completed; 0: it is not late'),
    failures: amount.describe('Runs in a row that failed'),
    succeededAt: time.nullable(),
    last: z
      .strictObject({
        ...{ plannedAt: time, startedAt: time, endedAt: time },
        outcome: z.enum(['ok', 'failed']),
        note: z.string().describe('What it did, or why it failed'),
        missed: amount.describe('Planned times that it made up for, besides its own'),
      })
      .nullable(),
  }),
);
const name: ApiParameter = {
  ...{ name: 'name', in: 'path', required: true, description: 'The `name` of a job' },
  schema: { type: 'string' },
};
const command = (path: string, summary: string, description: string): ApiRoute => ({
  ...{ method: 'POST', path: `/api/jobs/:name/${path}`, tag: 'operator', summary, description },
  access: ['operate'],
  parameters: [name],
  answers: { [path === 'run' ? 202 : 200]: { description: 'The job', schema: job } },
});

/** Routes of the scheduled jobs. */
export const JOB_ROUTES: readonly ApiRoute[] = [
  {
    ...read('GET /api/jobs', 'List the scheduled jobs'),
    tag: 'operator',
    access: ['operate'],
    waits: false,
    answers: { 200: { description: 'The jobs', schema: named('Jobs', z.strictObject({ jobs: z.array(job) })) } },
  },
  command('run', 'Run a job now', 'It begins soon, also if it is paused.'),
  command('pause', 'Pause a job', 'It does not start by itself any more. A run in progress ends as usual.'),
  command('resume', 'Resume a job', 'What was due meanwhile is not run; the next run covers it.'),
];
