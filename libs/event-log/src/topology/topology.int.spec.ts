import { jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, temporaryFolder, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { openConnection, openLog } from '../open-log.ts';
import { NO_EVENTS } from './raise-events.ts';
import { assertVersion, reconcileTopology } from './reconcile.ts';

describe('reconcileTopology', () => {
  let server: TestNats;
  let nc: LogConnection;
  beforeEach(async () => {
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });

  it('creates everything once, even if two processes start together', async () => {
    await Promise.all([reconcileTopology(nc, { replicas: 1 }), reconcileTopology(nc, { replicas: 1 })]);
    const manager = await jetstreamManager(nc);
    const { config } = await manager.streams.info('EVENTS');
    expect(config).toMatchObject({ storage: 'file', discard: 'new', retention: 'limits', allow_atomic: true });
    const changes = await manager.streams.info('CHANGES');
    expect(changes).toMatchObject({ config: { retention: 'interest' }, state: { consumer_count: 2 } });

    expect(await reconcileTopology(nc, { replicas: 1 })).toEqual({ created: [], updated: [], drift: [] });
  });

  it('leaves unused streams and buckets of earlier versions alone', async () => {
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name: 'JOBS', subjects: ['osk.jobs.>'], retention: RetentionPolicy.Workqueue });
    await manager.streams.add({ name: 'OBJ_pictures', subjects: ['$O.pictures.C.>', '$O.pictures.M.>'] });
    await jetstream(nc).publish('osk.jobs.a', 'kept');
    const { created, updated, drift } = await reconcileTopology(nc, { replicas: 1 });
    expect([created.includes('EVENTS'), updated, drift]).toEqual([true, [], []]);
    expect((await manager.streams.info('JOBS')).state.messages).toBe(1);
    expect([...(await Array.fromAsync(manager.streams.names()))].sort()).toEqual(
      ['JOBS', 'OBJ_pictures', ...created.filter((name) => !name.includes('/'))].sort(),
    );
  });

  it('takes over the access log that the earliest versions created', async () => {
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name: 'ACCESS', subjects: ['osk.access.>'], max_bytes: 16 * 1024 * 1024 });
    const { drift, updated } = await reconcileTopology(nc, { replicas: 1 });
    expect(updated.map(({ name, field }) => `${name} ${field}`).sort()).toEqual([
      'ACCESS allow_direct',
      'ACCESS max_age',
      'ACCESS max_bytes',
    ]);
    expect(drift).toEqual([]);
  });

  it('applies safe changes and only reports the rest', async () => {
    const manager = await jetstreamManager(nc);
    await manager.streams.add({
      name: 'EVENTS',
      subjects: ['osk.events.>', 'other.>'],
      storage: StorageType.Memory,
      retention: RetentionPolicy.Limits,
      max_age: 3_600_000_000_000,
    });
    await manager.consumers.add('EVENTS', { durable_name: 'documents', ack_policy: 'explicit', max_deliver: 3 });

    const report = await reconcileTopology(nc, { replicas: 1, eventsMaxBytes: 10_000_000 });
    expect(report.created).not.toContain('EVENTS');
    const fields = (differences: readonly { name: string; field: string }[]) =>
      differences.map(({ name, field }) => `${name} ${field}`).sort();
    expect(fields(report.drift)).toEqual(['EVENTS max_age', 'EVENTS storage', 'EVENTS subjects']);
    expect(report.drift).toContainEqual({
      name: 'EVENTS',
      field: 'subjects',
      actual: ['osk.events.>', 'other.>'],
      expected: ['osk.events.>'],
    });
    expect(fields(report.updated)).toEqual([
      'EVENTS allow_atomic',
      'EVENTS allow_direct',
      'EVENTS discard',
      'EVENTS duplicate_window',
      'EVENTS max_bytes',
      'EVENTS/documents ack_wait',
      'EVENTS/documents max_ack_pending',
      'EVENTS/documents max_deliver',
    ]);
    const { config } = await manager.streams.info('EVENTS');
    expect(config).toMatchObject({ storage: 'memory', allow_atomic: true, max_bytes: 10_000_000, discard: 'new' });
  });

  it('raises the number of vectors messages that replicas of an earlier release may hold', async () => {
    await reconcileTopology(nc, { replicas: 1 });
    const manager = await jetstreamManager(nc);
    const vectors = () => manager.consumers.info('CHANGES', 'vectors');
    await manager.consumers.update('CHANGES', 'vectors', { ...(await vectors()).config, max_ack_pending: 1000 });
    expect((await reconcileTopology(nc, { replicas: 1 })).updated).toEqual([
      { name: 'CHANGES/vectors', field: 'max_ack_pending', actual: 1000, expected: 20_000 },
    ]);
    expect((await vectors()).config.max_ack_pending).toBe(20_000);
  });

  it('reopens EVENTS after a process died while raising it', async () => {
    await reconcileTopology(nc, { replicas: 1 });
    await (await jetstreamManager(nc)).streams.update('EVENTS', { subjects: [...NO_EVENTS] });
    const { updated, drift } = await reconcileTopology(nc, { replicas: 1 }, { raisedWithinMs: 0 });
    expect([updated.map(({ field }) => field), drift]).toEqual([['subjects'], []]);
    await jetstream(nc).publish('osk.events.w.u.session', 'taken');
  });

  it('leaves EVENTS closed while another process raises it', async () => {
    await reconcileTopology(nc, { replicas: 1 });
    const manager = await jetstreamManager(nc);
    await manager.streams.update('EVENTS', { subjects: [...NO_EVENTS] });
    let raised = false;
    const reconciled = reconcileTopology(nc, { replicas: 1 }).then((report) => ({ report, raised }));
    // It has checked EVENTS, and checks it again.
    for (let look = 0; look < 20; look++) await manager.streams.info('EVENTS');
    raised = true;
    await manager.streams.update('EVENTS', { subjects: ['osk.events.>'] });
    expect(await reconciled).toMatchObject({ report: { updated: [], drift: [] }, raised: true });
  });

  it('never lowers the limit of EVENTS below the stored size, which would delete events', async () => {
    await reconcileTopology(nc, { replicas: 1 });
    await jetstream(nc).publish('osk.events.w.u.session', 'x'.repeat(5000));
    const { drift } = await reconcileTopology(nc, { replicas: 1, eventsMaxBytes: 1000 });
    expect(drift).toEqual([{ name: 'EVENTS', field: 'max_bytes', actual: -1, expected: 1000 }]);
    const { state } = await (await jetstreamManager(nc)).streams.info('EVENTS');
    expect(state.messages).toBe(1);
  });

  it('continues, and reports it, if the server has too few peers for the replicas', async () => {
    await reconcileTopology(nc, { replicas: 1 });
    const { drift } = await reconcileTopology(nc, { replicas: 3 });
    expect(drift).toContainEqual({ name: 'EVENTS', field: 'num_replicas', actual: 1, expected: 3 });
  });
});

describe('an unsuitable NATS server', () => {
  it('without a cluster causes an error that names OPENSYNC_REPLICAS', async () => {
    await using server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'test' });
    await expect(reconcileTopology(nc, { replicas: 3 })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/^OPENSYNC_REPLICAS: cannot keep 3 copies of EVENTS/),
    });
    await nc.close();
  });

  it('without JetStream causes an error that names NATS_URL', async () => {
    await using server = await startTestNats({ jetstream: false });
    const nc = await connectLog({ servers: server.url, name: 'test' });
    await expect(reconcileTopology(nc, { replicas: 1 })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/^NATS_URL: JetStream is off/),
    });
    await nc.close();
  });

  it('with too small a disk causes an error that names the setting to change', async () => {
    await using server = await startTestNats();
    await using folder = await temporaryFolder();
    const disposal = new Disposal(() => undefined);
    const context = { name: 'test', logger: createLogger('silent', 'test'), disposal };
    const settings = { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: 2 ** 52 };
    const remote = { url: server.url, token: undefined };
    try {
      await expect(openLog(remote, settings, context)).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(/^NATS_URL: the server has no space for the log \(insufficient storage[^\n]+$/),
      });
      await expect(openLog({ ...remote, dataDir: folder.path }, settings, context)).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(/^OPENSYNC_DATA_DIR: \S+ has \d+ MiB free; [^\n]+OPENSYNC_EVENTS_MAX_BYTES$/),
      });
      const { created } = await reconcileTopology(await openConnection(remote, 'test', disposal), { replicas: 1 });
      expect(created).toContain('EVENTS');
    } finally {
      await disposal.run(1000);
    }
  });

  it('that is too old causes an error with the required version', () => {
    const server = (version: string) => ({ info: { version } }) as Pick<LogConnection, 'info'>;
    expect(() => assertVersion(server('2.11.9'))).toThrow(
      /^NATS_URL: the server is nats-server 2\.11\.9.*use 2\.12\.1 or later$/,
    );
    for (const version of ['2.12.1', '2.15.2', '3.0.0-beta.1']) assertVersion(server(version));
  });
});
