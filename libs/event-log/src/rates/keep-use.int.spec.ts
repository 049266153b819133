import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { openDailyUse, storedUse } from './keep-use.ts';

const NOON = Date.parse('2026-11-30T12:00Z');
let server: TestNats;
const clock = { now: NOON };
beforeAll(async () => {
  server = await startTestNats();
});
afterAll(() => server.stop());

async function gateway() {
  const disposal = new Disposal(() => undefined);
  const nc = await connectLog({ servers: server.url, name: 'test' });
  disposal.defer('connection', () => nc.close());
  const logger = createLogger('silent', 'test');
  const open = () => openDailyUse(nc, { logger, disposal, now: () => clock.now, everyMs: 50 });
  return { nc, open, end: () => disposal.run(2000) };
}

it('lets gateways count what a workspace uses together, and goes on where a process has ended', async () => {
  const [a, b] = [await gateway(), await gateway()];
  await reconcileTopology(a.nc, { replicas: 1 });
  const [first, second] = [a.open(), b.open()];
  first.of('wsp_1').add('requests', 5);
  first.of('wsp_1').add('bytes', 700);
  second.of('wsp_1').add('requests', 2);
  await waitFor(() => first.of('wsp_1').used('requests') === 7 && second.of('wsp_1').used('requests') === 7);
  expect(second.of('wsp_1').used('bytes')).toBe(700);
  // What it counts in its last moment is stored at its end.
  first.of('wsp_1').add('events', 3);
  await a.end();
  await b.end();

  const c = await gateway();
  const third = c.open();
  await waitFor(() => third.of('wsp_1').used('requests') === 7);
  expect(third.of('wsp_1').used('events')).toBe(3);
  expect(third.of('wsp_1').used('bytes')).toBe(700);

  clock.now += 24 * 60 * 60_000;
  third.of('wsp_1').add('requests', 1);
  expect(third.of('wsp_1').used('requests')).toBe(1);
  const days = async () => {
    const found = new Set<string>();
    for await (const { day } of storedUse(c.nc)) found.add(day);
    return [...found].sort();
  };
  await waitFor(async () => (await days()).length === 2);
  expect(await days()).toEqual(['2026-11-30', '2026-12-01']);
  await c.end();
});

it('counts for itself while there is no bucket yet, and stores once there is', async () => {
  const own = await startTestNats();
  const disposal = new Disposal(() => undefined);
  try {
    const nc = await connectLog({ servers: own.url, name: 'test' });
    disposal.defer('connection', () => nc.close());
    const use = openDailyUse(nc, { logger: createLogger('silent', 'test'), disposal, everyMs: 50 });
    use.of('wsp_1').add('requests', 1);
    expect(use.of('wsp_1').used('requests')).toBe(1);
    await reconcileTopology(nc, { replicas: 1 });
    await waitFor(async () => {
      for await (const { counts } of storedUse(nc)) return counts['requests wsp_1'] === 1;
      return false;
    });
  } finally {
    await disposal.run(2000);
    await own.stop();
  }
});
