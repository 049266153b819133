import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import type { LogConnection } from '../connection.ts';
import { BatchConsumer } from '../consume/batch-consumer.ts';
import { consumersState } from '../consume/reports.ts';
import { logState, openLog } from '../open-log.ts';
import { CONSUMER, type ConsumerRef } from './names.ts';

const SUBJECT = 'osk.events.w.u.session';

let server: TestNats;
let disposal: Disposal;
let nc: LogConnection;
let manager: JetStreamManager;
beforeEach(async () => {
  server = await startTestNats();
  disposal = new Disposal(() => undefined);
  nc = await open();
  manager = await jetstreamManager(nc);
});
afterEach(async () => {
  await disposal.run(5000);
  await server.stop();
});

/** As a process does. */
async function open(): Promise<LogConnection> {
  const context = { name: 'test', logger: createLogger('silent', 'test'), disposal };
  return openLog(
    { url: server.url, token: undefined },
    { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: undefined },
    context,
  );
}

/** A consumer that checks the topology when it receives no messages, as the projector's do. */
function consume(consumer: ConsumerRef): { sequences: number[]; running: BatchConsumer } {
  const sequences: number[] = [];
  const running = new BatchConsumer(nc, {
    consumer,
    handler: async (batch) => {
      sequences.push(...batch.map(({ sequence }) => sequence));
      return {};
    },
    report: ({ kind }) => kind === 'unsubscribed' && nc.topology!.check(),
  });
  disposal.defer('consumer', () => running.stop());
  return { sequences, running };
}

async function emptyServer(): Promise<void> {
  for (const name of await Array.fromAsync(manager.streams.names())) await manager.streams.delete(name);
}

describe('Topology', () => {
  it('recreates a deleted consumer, reports it as missing meanwhile, and replays the log', async () => {
    const { sequences, running } = consume(CONSUMER.documents);
    for (let n = 1; n <= 3; n++) await jetstream(nc).publish(SUBJECT, String(n));
    await waitFor(() => sequences.length === 3);
    expect(consumersState([running.health()])).toBe('up');
    await manager.consumers.delete('EVENTS', 'documents');
    await waitFor(() => consumersState([running.health()]) === 'down');
    expect(running.health().unsubscribedSince).toBeGreaterThan(Date.now() - 10_000);
    await waitFor(() => sequences.length === 6);
    expect(sequences).toEqual([1, 2, 3, 1, 2, 3]);
    expect(consumersState([running.health()])).toBe('up');
    expect(nc.topology!.missing).toEqual([]);
  });

  it('recreates everything on a server that lost it, and the log continues above its old sequences', async () => {
    const { sequences } = consume(CONSUMER.documents);
    for (let n = 1; n <= 3; n++) await jetstream(nc).publish(SUBJECT, String(n));
    await waitFor(() => sequences.length === 3);
    nc.topology!.check();
    const others = await Promise.all([open(), open()]);
    await emptyServer();
    await waitFor(async () => (await logState(nc)) === 'down', { timeoutMs: 10_000 });
    await waitFor(async () => (await logState(nc)) === 'up', { timeoutMs: 10_000 });
    await waitFor(() => nc.topology!.missing.length === 0);
    const { seq } = await jetstream(nc).publish(SUBJECT, 'after');
    expect(seq).toBeGreaterThan(10_000_000);
    await waitFor(() => sequences.includes(seq));
    await waitFor(() => others.every((other) => other.topology!.missing.length === 0));
    const { config, state } = await manager.streams.info('CHANGES');
    expect([config.retention, state.consumer_count]).toEqual(['interest', 2]);
  });

  it('recreates missing parts when the server comes back without them', async () => {
    await manager.consumers.delete('CHANGES', 'vectors');
    await server.restart();
    // A pending request is abandoned ten seconds after the connection is lost.
    await waitFor(
      () =>
        manager.consumers.info('CHANGES', 'vectors').then(
          () => true,
          () => false,
        ),
      { timeoutMs: 20_000 },
    );
  });
});
