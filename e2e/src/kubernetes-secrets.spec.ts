import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOG_USERS } from '@opensync/event-log/permissions';
import { temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { SecretsApi } from './kubernetes/api-server.ts';
import { REPOSITORY } from './kubernetes/objects.ts';

const run = promisify(execFile);
const IMAGE = join(REPOSITORY, 'deploy/image');

describe('the Job that generates the passwords', () => {
  let api: SecretsApi;
  let account: TemporaryFolder;
  let url: string;
  beforeEach(async () => {
    api = new SecretsApi();
    url = await api.listen();
    account = await temporaryFolder();
    await writeFile(join(account.path, 'token'), 'the-token\n');
  });
  afterEach(async () => {
    await api[Symbol.asyncDispose]();
    await account.remove();
  });

  const generate = async ({ servers = 1, stores = 'mongodb,elasticsearch,qdrant' } = {}) => {
    const { stdout } = await run(process.execPath, [join(IMAGE, 'cluster-secrets.mjs')], {
      env: {
        OPENSYNC_KUBERNETES_URL: url,
        OPENSYNC_SERVICE_ACCOUNT_DIR: account.path,
        OPENSYNC_INSTALLATION: 'opensync',
        OPENSYNC_NAMESPACE: 'opensync',
        OPENSYNC_NATS_SERVERS: String(servers),
        OPENSYNC_STORES: stores,
      },
      timeout: 30_000,
    });
    return stdout;
  };
  const everything = () => Object.fromEntries(api.names.map((name) => [name, api.contents(name)]));

  it('gives each program a Secret with what it needs, and nothing of others', async () => {
    await generate();
    expect(api.names).toEqual(
      ['passwords', 'nats', 'mongodb', 'elasticsearch', 'qdrant', ...LOG_USERS]
        .map((name) => `opensync-${name}`)
        .sort(),
    );
    const { 'nats-ingest': password, 'mongo-query': mongo } = api.contents('opensync-passwords');
    expect(password).toMatch(/^[0-9a-f]{64}$/);
    expect(api.contents('opensync-ingest')).toEqual({
      NATS_URL: `nats://ingest:${password}@opensync-nats:4222`,
      OPENSYNC_KEY_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
      MONGODB_URL: expect.stringMatching(/^mongodb:\/\/ingest:[0-9a-f]{64}@opensync-mongodb:27017\//),
    });
    expect(Object.keys(api.contents('opensync-embedder'))).toEqual(['NATS_URL']);
    expect(api.contents('opensync-query').MONGODB_URL).toContain(mongo!);
    expect(api.contents('opensync-query').QDRANT_API_KEY).toBe(api.contents('opensync-qdrant')['read-only-api-key']);
  });

  it('defines each variable that the users of nats-server refer to', async () => {
    await generate();
    const users = await readFile(join(REPOSITORY, 'deploy/nats/users.conf'), 'utf8');
    const variables = Array.from(users.matchAll(/password: \$(\w+)/g), ([, name]) => name!);
    expect(variables.length).toBeGreaterThan(5);
    const defined = api.contents('opensync-nats')['passwords.conf']!;
    for (const variable of variables) expect(defined).toMatch(new RegExp(`^${variable}: "[0-9a-f]{64}"$`, 'm'));
  });

  it('changes nothing when it runs again', async () => {
    await generate();
    const before = everything();
    api.writes.length = 0;
    expect(await generate()).toBe('');
    expect([api.writes, everything()]).toEqual([[], before]);
  });

  it('continues with the same passwords after it was killed', async () => {
    api.beforeWrite = (name) => {
      if (name === 'opensync-mongodb') throw new Error('killed');
    };
    await expect(generate()).rejects.toThrow();
    const passwords = api.contents('opensync-passwords');
    api.beforeWrite = () => {};
    await generate();
    expect(api.contents('opensync-passwords')).toEqual(passwords);
    expect(api.contents('opensync-mongodb').root).toBe(passwords['mongo-root']);
  });

  it('takes the passwords of another run that was faster', async () => {
    const theirs = Buffer.from('their-password').toString('base64');
    api.beforeWrite = (name) => {
      if (name !== 'opensync-passwords') return;
      api.beforeWrite = () => {};
      api.put({ metadata: { name }, data: { 'nats-ingest': theirs } });
    };
    await generate();
    expect(api.contents('opensync-ingest').NATS_URL).toBe('nats://ingest:their-password@opensync-nats:4222');
  });

  it('adds what another number of servers, or another store, needs', async () => {
    await generate({ stores: '' });
    expect(api.contents('opensync-query')).not.toHaveProperty('MONGODB_URL');
    const { 'nats-query': password } = api.contents('opensync-passwords');
    await generate({ servers: 3, stores: 'mongodb' });
    expect(api.contents('opensync-query')).toMatchObject({
      NATS_URL: [
        `nats://query:${password}@opensync-nats-0.opensync-nats-headless:4222`,
        'nats://opensync-nats-1.opensync-nats-headless:4222',
        'nats://opensync-nats-2.opensync-nats-headless:4222',
      ].join(','),
      MONGODB_URL: expect.stringContaining('@opensync-mongodb:27017'),
    });
    expect(api.contents('opensync-nats')['passwords.conf']).toMatch(
      /^NATS_ROUTE_2: "nats-route:\/\/routes:[0-9a-f]{64}@opensync-nats-2\.opensync-nats-headless:6222"$/m,
    );
  });

  it('says what Kubernetes refuses', async () => {
    await writeFile(join(account.path, 'token'), 'another-token');
    await expect(generate()).rejects.toThrow('read Secret opensync-passwords: 401 Unauthorized');
  });
});

it('a pod waits until one of the log servers accepts connections', async () => {
  await using folder = await temporaryFolder();
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await closed;
  await writeFile(join(folder.path, 'NATS_URL'), `nats://ingest:secret@127.0.0.1:1,nats://127.0.0.1:${port}\n`);
  const waiting = run(process.execPath, [join(IMAGE, 'wait-for-log.mjs')], {
    env: { OPENSYNC_SECRETS_DIR: folder.path },
    timeout: 30_000,
  });
  let ended = false;
  void waiting.then(() => (ended = true));
  const late = createServer((socket) => {
    expect(ended).toBe(false);
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    late.listen(port, '127.0.0.1', () => resolve());
  });
  const { stdout, stderr } = await waiting;
  late.close();
  expect([stdout, stderr]).toEqual(['', '']);
});
