import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectLog, STREAM } from '@opensync/event-log';
import { inboxPrefixOf } from '@opensync/event-log/permissions';
import { temporaryFolder, type TemporaryFolder, waitFor } from '@opensync/testkit';
import { type NatsWithUsers, startNatsWithUsers } from './testing/log-users.ts';
import { mainOf, type ServiceName } from './testing/services.ts';

describe('--prepare, before an upgrade', () => {
  let nats: NatsWithUsers;
  let folder: TemporaryFolder;
  beforeEach(async () => {
    nats = await startNatsWithUsers();
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await nats.stop();
    await folder.remove();
  });

  function start(service: ServiceName | 'keeper'): ChildProcess {
    return spawn(process.execPath, [mainOf(service), '--prepare'], {
      env: {
        PATH: process.env.PATH,
        HOME: folder.path,
        LOG_LEVEL: 'warn',
        OPENSYNC_DATA_DIR: folder.path,
        ...nats.envOf(service),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
  async function codeOf(child: ChildProcess): Promise<[code: unknown, errors: string]> {
    let errors = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return [code, errors];
  }
  async function streams(): Promise<string[]> {
    const nc = await connectLog({ servers: nats.urlOf('keeper'), inboxPrefix: inboxPrefixOf('keeper'), name: 'test' });
    try {
      const names: string[] = [];
      for await (const name of (await jetstreamManager(nc)).streams.names()) names.push(name);
      return names;
    } finally {
      await nc.close();
    }
  }

  it('creates streams and consumers, also twice at once and after it was killed half-way', async () => {
    const killed = start('keeper');
    await waitFor(async () => (await streams()).length > 0 || killed.exitCode !== null, { intervalMs: 1 });
    killed.kill('SIGKILL');
    await once(killed, 'close');
    expect(await Promise.all([codeOf(start('keeper')), codeOf(start('keeper'))])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(await streams()).toEqual(expect.arrayContaining([STREAM.events, STREAM.changes]));
    // The stores come second, with the rights of a projector.
    expect(await codeOf(start('projector'))).toEqual([0, '']);
    expect((await readdir(folder.path)).length).toBeGreaterThan(0);
    expect(await codeOf(start('projector'))).toEqual([0, '']);
  }, 120_000);

  it('is refused by a service that creates nothing', async () => {
    const [code, errors] = await codeOf(start('ingest'));
    expect([code, errors]).toEqual([1, expect.stringContaining('--prepare: ingest creates nothing')]);
  }, 60_000);
});
