import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connectLog, type LogConnection } from '../connection.ts';
import { logState, openLog } from '../open-log.ts';
import { reconcileTopology } from './reconcile.ts';

const SUBJECT = 'osk.events.w.u.session';
/** A process checks every five seconds, and twice before it acts. */
const PATIENCE = { timeoutMs: 30_000 };

let server: TestNats;
let disposal: Disposal;
/** A process that ran while three events were written. */
let running: LogConnection;
/** A process that starts, and knows nothing about them. */
let starting: LogConnection;
let manager: JetStreamManager;
let log: string[];
beforeEach(async () => {
  server = await startTestNats();
  disposal = new Disposal(() => undefined);
  log = [];
  const logger = createLogger('error', 'test', { write: (line) => void log.push(line) });
  const settings = { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: undefined };
  running = await openLog({ url: server.url, token: undefined }, settings, { name: 'test', logger, disposal });
  manager = await jetstreamManager(running);
  for (let n = 1; n <= 3; n++) await jetstream(running).publish(SUBJECT, String(n));
  await waitFor(() => {
    running.topology!.check();
    return running.topology!.consumer({ stream: 'EVENTS', durable: 'documents' })?.num_pending === 3;
  });
  await manager.streams.delete('EVENTS');
  starting = await connectLog({ servers: server.url, name: 'starting' });
  await reconcileTopology(starting, { replicas: 1 });
  expect((await manager.streams.info('EVENTS')).state.last_seq).toBe(0);
});
afterEach(async () => {
  await starting.close();
  await disposal.run(5000);
  await server.stop();
});

describe('an EVENTS that a starting process has created at 1', () => {
  it('is raised above the last seen sequence by a process that knows it, while it is empty', async () => {
    await waitFor(async () => (await manager.streams.info('EVENTS')).state.last_seq > 10_000_000, PATIENCE);
    await waitFor(() => log.some((line) => line.includes('the event log was lost and starts empty')));
    const { seq } = await waitFor(() => jetstream(starting).publish(SUBJECT, 'after'));
    expect(seq).toBe(20_000_000);
    await waitFor(async () => (await manager.consumers.info('EVENTS', 'documents')).num_pending === 1);
    await waitFor(async () => (await logState(running)) === 'up', PATIENCE);
  });

  it('loses nothing that was written to it: the process that saw more says so, and is not ready', async () => {
    await jetstream(starting).publish(SUBJECT, 'acknowledged');
    await waitFor(async () => (await logState(running)) === 'down', PATIENCE);
    await waitFor(() => log.some((line) => line.includes('opensync rebuild documents --force')));
    expect((await manager.streams.info('EVENTS')).state).toMatchObject({ messages: 1, last_seq: 1 });

    for (let n = 2; n <= 3; n++) await jetstream(starting).publish(SUBJECT, String(n));
    await waitFor(async () => (await logState(running)) === 'up', PATIENCE);
    expect((await manager.streams.info('EVENTS')).state).toMatchObject({ messages: 3, last_seq: 3 });
  });

  it('is reported even if it has caught up before the process that saw more checks again', async () => {
    for (let n = 1; n <= 5; n++) await jetstream(starting).publish(SUBJECT, String(n));
    await waitFor(() => log.some((line) => line.includes('opensync rebuild documents --force')), PATIENCE);
    expect(await logState(running)).toBe('up');
  });
});
