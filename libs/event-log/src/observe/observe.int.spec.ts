import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { createRegistry, counter, histogram, METRIC } from '@opensync/platform/telemetry';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { readConsumers } from './consumer-status.ts';
import { readLog } from './log-status.ts';
import { requestProcessReports, serveProcessReports } from './process-reports.ts';

let server: TestNats;
let nc: LogConnection;

beforeAll(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
});
afterAll(async () => {
  await nc.close();
  await server.stop();
});

const options = { isRunning: true, lacksDocuments: async (consumer: string) => consumer === 'vectors' };
const documents = async () => (await readConsumers(nc, options)).find(({ name }) => name === 'documents')!;

describe('the state of the log', () => {
  it('says how old the first event is that was not processed', async () => {
    expect(await documents()).toMatchObject({ lagMs: 0, pending: 0, problem: 'no projector is processing it' });
    for (const body of ['1', '2']) await jetstream(nc).publish('osk.events.w.u.session', body);
    await waitFor(async () => (await documents()).lagMs >= 20);
    expect(await documents()).toMatchObject({ pending: 2, inFlight: 0, delivered: 0 });

    const { stream, durable } = CONSUMER.documents;
    const consumer = await jetstream(nc).consumers.get(stream, durable);
    const before = (await documents()).lagMs;
    for (let count = 0; count < 2; count++) (await consumer.next())!.ack();
    const done = await waitFor(async () => {
      const now = await documents();
      return now.lagMs === 0 && now;
    });
    expect(before).toBeGreaterThan(0);
    expect(done).toMatchObject({ pending: 0, inFlight: 0, delivered: 2 });
    expect(await readLog(nc)).toMatchObject({ events: 2, lastSequence: 2, deadLetters: 0, missing: [], problems: [] });
  });

  it('names a consumer that is gone', async () => {
    const manager = await jetstreamManager(nc);
    await manager.consumers.delete(CONSUMER.search.stream, CONSUMER.search.durable);
    const problems = new Map((await readConsumers(nc, options)).map(({ name, problem }) => [name, problem]));
    expect(problems.get('search')).toBe('missing; a running service recreates it');
    await reconcileTopology(nc, { replicas: 1 });
  });
});

describe('the reports of processes', () => {
  it('say what each has counted, without the buckets of histograms, and its settings', async () => {
    const setting = { name: 'PORT', value: '1', isSecret: false, origin: 'environment' } as const;
    for (const service of ['query', 'ingest']) {
      const metrics = createRegistry(service);
      counter(metrics, METRIC.foldConflicts).inc(3);
      histogram(metrics, METRIC.batchDuration).observe({ consumer: 'documents', outcome: 'ok' }, 0.2);
      serveProcessReports(nc, { service, metrics, settings: [setting] });
    }
    const reports = await requestProcessReports(nc);
    expect(reports.map(({ service }) => service)).toEqual(['ingest', 'query']);
    expect(new Set(reports.map(({ id }) => id)).size).toBe(2);
    const [{ totals, settings, memory, startedAt, at }] = reports as [(typeof reports)[0]];
    expect(settings).toEqual([setting]);
    expect(memory.rss).toBeGreaterThan(memory.heapUsed / 2);
    expect(startedAt).toBeLessThanOrEqual(at);
    const labels = { consumer: 'documents', outcome: 'ok' };
    expect(totals).toEqual(
      expect.arrayContaining([
        { name: METRIC.foldConflicts.name, labels: {}, value: 3 },
        { name: `${METRIC.batchDuration.name}_count`, labels, value: 1 },
        { name: `${METRIC.batchDuration.name}_sum`, labels, value: 0.2 },
      ]),
    );
    expect(totals.some(({ name }) => name.endsWith('_bucket'))).toBe(false);
  });
});
