import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectLog, STREAM } from '@opensync/event-log';
import { inboxPrefixOf, type LOG_USERS } from '@opensync/event-log/permissions';
import { ensureNatsServer } from '@opensync/nats-server';
import { stablePort, temporaryFolder, type TemporaryFolder, waitFor } from '@opensync/testkit';
import { mainOf } from './testing/services.ts';

const run = promisify(execFile);
const REPOSITORY = new URL('../../../', import.meta.url);
const load = <T>(path: string) => import(new URL(path, REPOSITORY).href) as Promise<T>;

interface ConfigMap {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}
type Files = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The files that a server has in its pod: the configuration that was rendered from the chart, and the passwords of the Job. */
describe('the configuration of nats-server on Kubernetes', () => {
  let folder: TemporaryFolder;
  let program: string;
  const servers: ChildProcess[] = [];

  beforeAll(async () => {
    program = await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN });
  }, 120_000);
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await Promise.all(
      servers.splice(0).map(async (server) => {
        if (server.exitCode !== null) return;
        server.kill('SIGKILL');
        await once(server, 'exit');
      }),
    );
    await folder.remove();
  });

  async function configurationOf(component?: 'prod'): Promise<Readonly<Record<string, string>>> {
    const { committed } = await load<{ committed: (component?: string) => ConfigMap[] }>('scripts/chart/committed.mjs');
    return committed(component).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'opensync-nats')!
      .data;
  }

  async function passwordsFor(nats: string[], routes: string[]): Promise<Files> {
    const { filesOf } = await load<{ filesOf: (installation: object) => Files }>('deploy/image/passwords.mjs');
    const secret = (name: string) => Buffer.from(name).toString('hex').padEnd(64, '0');
    return filesOf({ secret, keySecret: secret('key'), nats, routes, stores: {} });
  }

  /** Writes a server's files; ports and folders are the only things that differ from its pod. */
  async function filesOfServer(
    name: string,
    files: Readonly<Record<string, string>>,
    passwords: Files,
    ports?: { client: number; monitor: number; route: number },
  ): Promise<string> {
    const root = join(folder.path, name);
    await mkdir(join(root, 'etc/opensync'), { recursive: true });
    await mkdir(join(root, 'run/opensync'), { recursive: true });
    await writeFile(join(root, 'run/opensync/passwords.conf'), passwords.get('nats')!.get('passwords.conf')!);
    for (const [file, text] of Object.entries(files)) {
      const local = text
        .replace('/data', join(root, 'data'))
        .replace('/tmp/nats.pid', join(root, 'nats.pid'))
        .replace('port: 4222', `listen: 127.0.0.1:${ports?.client ?? 4222}`)
        .replace('http_port: 8222', `http: 127.0.0.1:${ports?.monitor ?? 8222}`)
        .replace('port: 6222', `listen: 127.0.0.1:${ports?.route ?? 6222}`);
      await writeFile(join(root, 'etc/opensync', file), local);
    }
    return join(root, 'etc/opensync/nats-server.conf');
  }

  it('is valid for one server', async () => {
    const config = await filesOfServer('one', await configurationOf(), await passwordsFor(['a:4222'], []));
    const env = { ...process.env, POD_NAME: 'opensync-nats-0' };
    const { stderr } = await run(program, ['-t', '--config', config], { env });
    expect(stderr).toContain('is valid');
  }, 30_000);

  it('makes three servers one cluster, where the keeper creates streams with three copies', async () => {
    const ports = await Promise.all(
      Array.from({ length: 3 }, async () => ({
        client: await stablePort(),
        monitor: await stablePort(),
        route: await stablePort(),
      })),
    );
    const passwords = await passwordsFor(
      ports.map(({ client }) => `127.0.0.1:${client}`),
      ports.map(({ route }) => `127.0.0.1:${route}`),
    );
    const files = await configurationOf('prod');
    for (const [ordinal, own] of ports.entries()) {
      const config = await filesOfServer(`server-${ordinal}`, files, passwords, own);
      const env = { ...process.env, POD_NAME: `opensync-nats-${ordinal}` };
      servers.push(spawn(program, ['--config', config], { env, stdio: 'ignore' }));
    }
    // As the probes of the pods ask.
    for (const { monitor } of ports) {
      const isReady = async () =>
        (await fetch(`http://127.0.0.1:${monitor}/healthz?js-server-only=true`).catch(() => undefined))?.ok;
      await waitFor(isReady, { timeoutMs: 60_000, what: 'a server of the cluster' });
    }
    const env = (user: (typeof LOG_USERS)[number]) => ({
      PATH: process.env.PATH,
      HOME: folder.path,
      LOG_LEVEL: 'warn',
      OPENSYNC_REPLICAS: '3',
      NATS_URL: passwords.get(user)!.get('NATS_URL')!,
      NATS_INBOX_PREFIX: inboxPrefixOf(user),
    });
    // A new cluster elects a leader first; the Job and the keeper try again as well.
    const prepare = () => run(process.execPath, [mainOf('keeper'), '--prepare'], { env: env('keeper') });
    await waitFor(
      () =>
        prepare().then(
          () => true,
          () => false,
        ),
      { timeoutMs: 90_000, what: 'the streams' },
    );

    const nc = await connectLog({ servers: env('cli').NATS_URL, inboxPrefix: inboxPrefixOf('cli'), name: 'test' });
    try {
      const { config, cluster } = await (await jetstreamManager(nc)).streams.info(STREAM.events);
      expect([config.num_replicas, cluster?.replicas?.length]).toEqual([3, 2]);
    } finally {
      await nc.close();
    }
  }, 180_000);
});
