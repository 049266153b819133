import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { LogConnection } from '../connection.ts';
import { KeyDirectory } from '../keys/key-directory.ts';
import { fingerprintOf } from '../keys/records.ts';
import { openLog } from '../open-log.ts';

/** Processes check every five seconds, without a notification that the bucket is gone. */
const PATIENCE = { timeoutMs: 30_000 };

let server: TestNats;
let disposal: Disposal;
let nc: LogConnection;
beforeEach(async () => {
  server = await startTestNats();
  disposal = new Disposal(() => undefined);
  nc = await open();
});
afterEach(async () => {
  await disposal.run(5000);
  await server.stop();
});

/** As a process does. */
async function open(): Promise<LogConnection> {
  const opened = await openLog(
    { url: server.url, token: undefined },
    { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: undefined },
    { name: 'test', logger: createLogger('silent', 'test'), disposal },
  );
  // So that it knows which streams existed.
  await waitFor(() => opened.topology!.consumer({ stream: 'EVENTS', durable: 'documents' }));
  return opened;
}

async function deleteBucket(stream: string): Promise<void> {
  await (await jetstreamManager(nc)).streams.delete(stream);
}

async function keysOf(connection: LogConnection, secret?: string): Promise<KeyDirectory> {
  const keys = await KeyDirectory.open(connection, { secret });
  disposal.defer('keys', () => keys.close());
  await keys.ready();
  return keys;
}

describe('the bucket of keys, deleted while all are connected,', () => {
  const ada = { email: 'ada@example.com', name: 'a key' };

  /** As if a gateway with another secret wrote first to the new bucket. */
  async function beginWith(entry: object): Promise<void> {
    await deleteBucket('KV_apikeys');
    const bucket = await new Kvm(nc).create('apikeys');
    await bucket.put('secret', JSON.stringify(entry));
  }

  it('is watched again: new keys and revocations are received, and known keys stay valid', async () => {
    const [here, there] = [await keysOf(nc), await keysOf(await open())];
    const before = await here.create(ada);
    await waitFor(() => there.authenticate(before.key));
    await deleteBucket('KV_apikeys');
    const { key, record } = await waitFor(() => here.create(ada), PATIENCE);
    await waitFor(() => there.authenticate(key), PATIENCE);
    await here.revoke(record.id);
    await waitFor(async () => (await there.authenticate(key)) === undefined, PATIENCE);
    expect(await there.authenticate(before.key)).toBeDefined();
  });

  it('may then have another secret, created by the first process: all adopt it', async () => {
    const here = await keysOf(nc);
    const before = await here.create(ada);
    const secret = 'of the first to come';
    await beginWith({ fingerprint: fingerprintOf(secret), secret });
    const there = await keysOf(await open());
    const [ours, theirs] = [await here.create(ada), await there.create(ada)];
    await waitFor(() => there.authenticate(ours.key));
    await waitFor(() => here.authenticate(theirs.key), PATIENCE);
    expect(await here.authenticate(before.key)).toBeDefined();
  });

  it('grants no access if its new secret differs from the configured one', async () => {
    const here = await keysOf(nc, 'a configured secret');
    const { key } = await here.create(ada);
    await beginWith({ fingerprint: fingerprintOf('another one') });
    await waitFor(() => !here.isCurrent, PATIENCE);
    await expect(here.authenticate(key)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: expect.objectContaining({ name: 'ConfigError' }),
    });
    await expect(here.create(ada)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
