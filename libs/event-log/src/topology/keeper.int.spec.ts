import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { ConfigError, createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { openLog } from '../open-log.ts';
import { continueAbove } from '../read/log-facts.ts';
import { serveRaising, untilKept } from './keeper.ts';
import { STREAM } from './names.ts';
import { reconcileTopology } from './reconcile.ts';

const SETTINGS = { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: undefined };

let server: TestNats;
let disposal: Disposal;
let keeper: LogConnection;
beforeEach(async () => {
  server = await startTestNats();
  disposal = new Disposal(() => undefined);
  keeper = await connectLog({ servers: server.url, name: 'keeper' });
});
afterEach(async () => {
  await disposal.run(5000);
  await keeper.close();
  await server.stop();
});

function openWithKeeper(): Promise<LogConnection> {
  const context = { name: 'test', logger: createLogger('silent', 'test'), disposal };
  return openLog({ url: server.url, token: undefined }, { ...SETTINGS, OPENSYNC_LOG_KEEPER: 'other' }, context);
}

describe('a process whose log another one keeps', () => {
  it('waits until the streams exist', async () => {
    const opening = openWithKeeper();
    await reconcileTopology(keeper, { replicas: 1 });
    const nc = await opening;
    expect(nc.topology!.missing).toEqual([]);
    expect(nc.topology!.isKeptHere).toBe(false);
  });

  it('fails with the name of the setting if nobody creates them', async () => {
    const waiting = untilKept(keeper, 300);
    await expect(waiting).rejects.toBeInstanceOf(ConfigError);
    await expect(waiting).rejects.toThrow(/^OPENSYNC_LOG_KEEPER: nobody creates the streams of the log \(.+\); start/);
  });

  it('has an empty log continued above a sequence by the keeper, and never one with events', async () => {
    await reconcileTopology(keeper, { replicas: 1 });
    serveRaising(keeper);
    const nc = await openWithKeeper();
    const { streams } = await jetstreamManager(keeper);
    const last = async () => (await streams.info(STREAM.events)).state.last_seq;
    expect(await continueAbove(nc, 5)).toBe(true);
    const raised = await last();
    expect(raised).toBeGreaterThan(5);
    await jetstream(nc).publish('osk.events.w.u.session', 'kept');
    expect(await continueAbove(nc, raised + 10)).toBe(false);
    expect((await streams.info(STREAM.events)).state.messages).toBe(1);
  });

  it('does not recreate what is missing', async () => {
    await reconcileTopology(keeper, { replicas: 1 });
    const nc = await openWithKeeper();
    const { streams } = await jetstreamManager(keeper);
    await streams.delete(STREAM.changes);
    nc.topology!.check();
    await waitFor(() => nc.topology!.missing.includes(STREAM.changes), { timeoutMs: 15_000 });
    await expect(streams.info(STREAM.changes)).rejects.toThrow('stream not found');
  });
});
