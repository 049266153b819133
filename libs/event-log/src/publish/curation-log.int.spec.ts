import { eventSubject, type EventData } from '@opensync/contracts';
import { anOwner, aSessionCurated, aSessionSynced, startTestNats, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { EventReader } from '../read/event-reader.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { CurationLog } from './curation-log.ts';
import { EventPublisher } from './event-publisher.ts';

const ada = anOwner('ada@example.com');
const bob = anOwner('bob@example.com');

describe('what people say about the sessions of an owner', () => {
  let server: TestNats;
  let connections: LogConnection[];
  /** Of two replicas. */
  let logs: CurationLog[];
  beforeAll(async () => {
    server = await startTestNats();
    const connect = () => connectLog({ servers: server.url, name: 'test' });
    connections = [await connect(), await connect()];
    await reconcileTopology(connections[0]!, { replicas: 1 });
    logs = connections.map((nc) => new CurationLog(nc, 'test'));
  });
  afterAll(async () => {
    for (const nc of connections) await nc.close();
    await server.stop();
  });

  const said = (data: Partial<EventData['dev.opensync.session.curated.v1']> = {}, owner = ada) =>
    aSessionCurated(data, { owner });

  it('is stored only behind the event that it is based on', async () => {
    const [log, other] = logs as [CurationLog, CurationLog];
    expect(await log.last(ada)).toBe(0);
    const first = await log.append(said({ title: 'first' }), 0);
    expect(first).toBeGreaterThan(0);
    expect(await other.last(ada)).toBe(first);
    expect(await other.append(said({ title: 'late' }), 0)).toBeUndefined();
    const second = await other.append(said({ title: 'second' }), first!);
    expect(second).toBeGreaterThan(first!);
    expect(await log.append(said({ title: 'late' }), first!)).toBeUndefined();

    const raw = await new EventReader(connections[0]!).get(second!);
    expect(raw!.subject).toBe(eventSubject(ada, 'curation'));
    expect(JSON.parse(raw!.body())).toMatchObject({ title: 'second' });
  });

  it('does not depend on syncs, nor on what is said about sessions of others', async () => {
    const [log] = logs as [CurationLog];
    const before = await log.last(ada);
    const publisher = new EventPublisher(connections[0]!, { source: 'test', mode: 'plain' });
    await publisher.publish([aSessionSynced({}, { owner: ada })]);
    await publisher.close();
    expect(await log.append(said({ title: 'of Bob' }, bob), 0)).toBeGreaterThan(before);
    expect(await log.append(said({ title: 'third' }), before)).toBeGreaterThan(before);
  });

  it('is stored once, however many write at the same moment', async () => {
    const before = await logs[0]!.last(ada);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => logs[n % 2]!.append(said({ evalNotes: `${n}` }), before)),
    );
    expect(results.filter((sequence) => sequence !== undefined)).toEqual([await logs[1]!.last(ada)]);
  });

  it('refuses events of another kind', async () => {
    await expect(logs[0]!.append(aSessionSynced({}, { owner: ada }), 0)).rejects.toThrow(TypeError);
  });
});
