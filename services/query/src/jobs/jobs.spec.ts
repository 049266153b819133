import type { JobReport } from '@opensync/event-log/jobs';
import { AppError } from '@opensync/platform';
import { startQueryApp, type QueryApp } from '../testing/query-app.ts';

const job: JobReport = {
  ...{ name: 'trash', about: 'Erases', schedule: '* * * * *', timeZone: 'UTC', state: 'waiting' },
  ...{ nextAt: 120_000, lateSeconds: 0, failures: 0, succeededAt: 60_500 },
  last: { plannedAt: 60_000, startedAt: 60_100, endedAt: 60_500, outcome: 'ok', note: 'erased 3', missed: 0 },
};
const commands: string[] = [];
let admin: QueryApp;
beforeAll(async () => {
  admin = await startQueryApp({ role: 'admin' });
  admin.replace({
    jobs: {
      read: async () => [job],
      command: async (name, command) => {
        if (name !== 'trash') throw new AppError('NOT_FOUND', 'There is no such job');
        commands.push(command);
        return { ...job, state: command === 'pause' ? 'paused' : 'waiting', nextAt: null, last: null };
      },
    },
  });
});
afterAll(() => admin[Symbol.asyncDispose]());
const ask = (method: 'GET' | 'POST', path: string, as = 'ada-operator') => admin.request(method, path, { as });

it('shows operators what runs by the clock', async () => {
  expect(await ask('GET', '/api/jobs')).toMatchObject({ status: 200, body: { jobs: [job] } });
});

it('runs, pauses and resumes a job', async () => {
  expect(await ask('POST', '/api/jobs/trash/run')).toMatchObject({ status: 202, body: { name: 'trash' } });
  expect(await ask('POST', '/api/jobs/trash/pause')).toMatchObject({ status: 200, body: { state: 'paused' } });
  expect((await ask('POST', '/api/jobs/trash/resume')).status).toBe(200);
  expect(commands).toEqual(['run', 'pause', 'resume']);
  expect((await ask('POST', '/api/jobs/nothing/run')).status).toBe(404);
  expect((await ask('POST', '/api/jobs/trash/delete')).status).toBe(404);
});

it.each(['ada-read', 'ada-ingest', 'ada-admin'])('refuses the key %s', async (as) => {
  expect((await ask('GET', '/api/jobs', as)).status).toBe(403);
  expect((await ask('POST', '/api/jobs/trash/pause', as)).status).toBe(403);
});

it('refuses members, whatever their key', async () => {
  await using member = await startQueryApp({ role: 'member' });
  expect((await member.request('GET', '/api/jobs', { as: 'ada-operator' })).status).toBe(403);
});
