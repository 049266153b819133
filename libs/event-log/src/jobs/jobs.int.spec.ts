import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { createRegistry } from '@opensync/platform/telemetry';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { commandJob, readJobs } from './commands.ts';
import type { JobDefinition } from './definition.ts';
import { runJobs } from './run-jobs.ts';

const MINUTE = 60_000;
const BEGIN = Date.parse('2026-11-29T12:00:30Z');

let server: TestNats;
let nc: LogConnection;
let disposals: Disposal[];
const clock = { now: BEGIN };
beforeEach(async () => {
  clock.now = BEGIN;
  disposals = [];
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
});
afterEach(async () => {
  await Promise.all(disposals.map((disposal) => disposal.run(2000)));
  await nc.close();
  await server.stop();
});

/** A process with these jobs. */
async function process(...jobs: JobDefinition[]) {
  const disposal = new Disposal(() => undefined);
  const own = await connectLog({ servers: server.url, name: 'process' });
  disposal.defer('connection', () => own.close());
  disposals.push(disposal);
  const metrics = createRegistry('test');
  const logger = createLogger('silent', 'test');
  runJobs(jobs, { nc: own, logger, metrics, disposal, now: () => clock.now, everyMs: 20, leaseMs: 400 });
  return { metrics, disposal, connection: own };
}
const report = async (name = 'trash') => (await readJobs(nc, clock.now)).find((job) => job.name === name)!;
const isEnrolled = () => waitFor(async () => (await report()) !== undefined);

it('runs each planned time once among several processes', async () => {
  const ran: number[] = [];
  const job: JobDefinition = {
    name: 'trash',
    run: async ({ plannedAt }) => {
      ran.push(plannedAt);
      return 'erased 3';
    },
  };
  for (let count = 0; count < 4; count++) await process(job);
  await isEnrolled();
  for (let minute = 1; minute <= 5; minute++) {
    clock.now = BEGIN + minute * MINUTE;
    await waitFor(async () => (await report()).last?.plannedAt === BEGIN - 30_000 + minute * MINUTE);
  }
  expect(ran).toEqual([1, 2, 3, 4, 5].map((minute) => BEGIN - 30_000 + minute * MINUTE));
  expect(await report()).toMatchObject({ state: 'waiting', lateSeconds: 0, last: { outcome: 'ok', note: 'erased 3' } });
});

it('takes over the run of a process that died', async () => {
  const signals: AbortSignal[] = [];
  const hanging: JobDefinition = {
    name: 'trash',
    run: ({ signal }) => {
      signals.push(signal);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('lost'))));
    },
  };
  const first = await process(hanging);
  await isEnrolled();
  clock.now += MINUTE;
  await waitFor(() => signals.length === 1);
  // Nothing more is heard of it, although it is still at work.
  await first.connection.close();
  const attempts: number[] = [];
  await process({ name: 'trash', run: async ({ plannedAt }) => `run ${attempts.push(plannedAt)}` });
  await waitFor(async () => (await report()).last?.note === 'run 1');
  expect(attempts).toEqual([BEGIN + 30_000]);
});

it('makes up once for what was due while no process ran', async () => {
  const seen: { since: number; plannedAt: number }[] = [];
  const job: JobDefinition = { name: 'trash', run: async (context) => `${seen.push(context)}` };
  const before = await process(job);
  await isEnrolled();
  clock.now += MINUTE;
  await waitFor(async () => (await report()).last);
  await before.disposal.run(2000);
  clock.now += 100 * MINUTE;
  expect((await report()).lateSeconds).toBe(99 * 60 + 30);
  await process(job);
  await waitFor(() => seen.length === 2);
  expect(seen[1]).toMatchObject({ since: BEGIN + 30_000, plannedAt: BEGIN + 30_000 + 100 * MINUTE });
  expect(await waitFor(async () => (await report()).last?.missed)).toBe(99);
});

it('says why a job failed, and that it is late, also as metrics', async () => {
  const { metrics } = await process({ name: 'trash', run: () => Promise.reject(new Error('no disk')) });
  await isEnrolled();
  clock.now += MINUTE;
  const failed = await waitFor(async () => {
    const job = await report();
    return job.state === 'failing' && job;
  });
  expect(failed).toMatchObject({ failures: 1, last: { outcome: 'failed', note: 'no disk' }, lateSeconds: 30 });
  const shown = await waitFor(async () => {
    const text = await metrics.metrics();
    return text.includes('opensync_job_failures{task="trash"} 1') && text;
  });
  expect(shown).toContain('opensync_job_late_seconds{task="trash"} 30');
  expect(shown).toContain('opensync_job_runs_total{task="trash",outcome="failed"} 1');
});

it('is run, paused and resumed by operators', async () => {
  let runs = 0;
  await process({ name: 'trash', run: async () => `run ${++runs}` });
  await isEnrolled();
  expect(await commandJob(nc, 'trash', 'pause', clock.now)).toMatchObject({ state: 'paused', nextAt: null });
  clock.now += 10 * MINUTE;
  await commandJob(nc, 'trash', 'run', clock.now);
  await waitFor(async () => (await report()).last?.note === 'run 1');
  expect(await commandJob(nc, 'trash', 'resume', clock.now)).toMatchObject({ state: 'waiting', lateSeconds: 0 });
  clock.now += MINUTE;
  await waitFor(() => runs === 2);
  for (const name of ['prices', 'nothing', '__proto__']) {
    await expect(commandJob(nc, name, 'run', clock.now)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
});

it('does what is in memory in every process, when one of them finds it due', async () => {
  const done: string[] = [];
  const job = (who: string): JobDefinition => ({
    ...{ name: 'prices', everywhere: true, schedule: '* * * * *' },
    run: async () => {
      done.push(who);
      return '12 prices';
    },
  });
  await process(job('a'));
  await process(job('b'));
  await waitFor(() => report('prices'));
  clock.now += MINUTE;
  const last = await waitFor(async () => (await report('prices')).last);
  // Where the lease of a slow machine runs out, the other process repeats the run.
  expect(new Set(done)).toEqual(new Set(['a', 'b']));
  expect(last.note).toBe('12 prices (2 processes)');
}, 20_000);
