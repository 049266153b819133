import { createHmac } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { answerSubject } from '@opensync/contracts';
import { connectLog, STREAM, type LogConnection } from '@opensync/event-log';
import { continueErasure } from '@opensync/event-log/erasure';
import { KeyDirectory } from '@opensync/event-log/keys';
import { LoginDirectory } from '@opensync/event-log/logins';
import { requestProcessReports } from '@opensync/event-log/observe';
import { inboxPrefixOf, LOG_USERS, type LogUser } from '@opensync/event-log/permissions';
import { ServiceProcess, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { authorization, get, KEY, post, search } from './testing/client.ts';
import { type NatsWithUsers, startNatsWithUsers } from './testing/log-users.ts';
import { Product } from './testing/product.ts';
import { mainOf, SERVICES } from './testing/services.ts';

const KEY_SECRET = 'the-secret-of-the-keys-0123456789';
const SERVERS = ['keeper', ...SERVICES] as const;

let nats: NatsWithUsers;
let folder: TemporaryFolder;
let running: ServiceProcess[];
let cli: Product;
beforeAll(async () => {
  nats = await startNatsWithUsers();
  folder = await temporaryFolder();
  const env = { OPENSYNC_DATA_DIR: folder.path, OPENSYNC_KEY_SECRET: KEY_SECRET };
  running = SERVERS.map(
    (name) =>
      new ServiceProcess(mainOf(name), {
        ...env,
        ...nats.envOf(name),
        ...(name === 'keeper' && { OPENSYNC_BOOTSTRAP_KEY: KEY }),
      }),
  );
  cli = new Product(folder.path, { ...env, ...nats.envOf('cli') });
}, 120_000);
afterAll(async () => {
  await Promise.all(running.map((service) => service[Symbol.asyncDispose]()));
  await cli.dispose();
  await nats.stop();
  await folder.remove();
});

async function connected<T>(user: LogUser, work: (nc: LogConnection) => Promise<T>): Promise<T> {
  const nc = await connectLog({ servers: nats.urlOf(user), inboxPrefix: inboxPrefixOf(user), name: 'test' });
  try {
    return await work(nc);
  } finally {
    await nc.close();
  }
}

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(args);
  expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
}

const violations = () => nats.log.split('\n').filter((line) => /Violation/i.test(line));

describe('services with a user each on the log', () => {
  it('may do everything that they do: write, search, delete, rebuild, keys, dead letters, export', async () => {
    const [, ingest, , , query] = (await Promise.all(running.map((service) => service.url()))) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const message = (session: string, externalId: string, textContent: string) =>
      post(`${ingest}/sync/message`, { sessionExternalId: session, externalId, role: 'user', textContent });
    expect(await message('one', 'm1', 'The cookie expires')).toBe(200);
    // Beside the log, in chunks.
    const large = `A heron nests. ${'reeds '.repeat(50_000)}`;
    expect(await message('two', 'm2', large)).toBe(200);
    await waitFor(async () => (await search(query, 'cookie')).results[0]?.externalId === 'one');
    await waitFor(
      async () => (await search(query, 'when the cookie expires', 'semantic')).results[0]?.externalId === 'one',
    );
    await waitFor(async () => (await search(query, 'heron')).results[0]?.externalId === 'two');
    const { messages } = await get<{ messages: { textContent: string }[] }>(`${query}/api/sessions/two`);
    expect(messages[0]?.textContent).toHaveLength(large.length);
    const { sessionIds } = await get<{ sessionIds: string[] }>(`${ingest}/sync/sessions/list`);
    expect(sessionIds.toSorted()).toEqual(['one', 'two']);
    const written = await fetch(`${ingest}/sync/session`, {
      method: 'POST',
      headers: { ...authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ externalId: 'one' }),
    });
    const position = written.headers.get('osk-sequence');
    expect(await get(`${query}/api/receipts/${position}`)).toMatchObject({ stored: true });

    const created = JSON.parse(
      await command('keys', 'create', '--user', 'ada@example.org', '--name', 'laptop', '--json'),
    ) as { key: string; id: string };
    const asAda = () => fetch(`${query}/api/stats`, { headers: { authorization: `Bearer ${created.key}` } });
    await waitFor(async () => (await asAda()).status === 200);
    await command('keys', 'revoke', created.id);
    await waitFor(async () => (await asAda()).status === 401);
    await command('users', 'list');

    // What the documents cannot read is a dead letter.
    await connected('cli', async (nc) => jetstream(nc).publish('osk.events.wsp_a.usr_b.session', 'no event'));
    await waitFor(async () => (JSON.parse(await command('dlq', 'list', '--json')) as unknown[]).length === 1);
    expect((await cli.run(['dlq', 'replay', '--all'])).stdout).toContain('failed');
    const [letter] = JSON.parse(await command('dlq', 'list', '--json')) as { id: number }[];
    await command('dlq', 'drop', String(letter!.id));

    await command('status', '--json');
    await command('rebuild', 'all', '--drop-old', '--force');
    await waitFor(async () => (await search(query, 'cookie')).results[0]?.externalId === 'one');
    await command('export-log', `${folder.path}/export.gz`, '--verify');

    for (const [method, path] of [
      ['DELETE', 'two'],
      ['POST', 'two/restore'],
      ['DELETE', 'two?permanent=true'],
    ]) {
      const { status } = await fetch(`${query}/api/sessions/${path}`, { method: method!, headers: authorization });
      expect([path, status]).toEqual([path, 200]);
    }
    const published = await fetch(`${query}/api/sessions/one`, {
      method: 'PATCH',
      headers: { ...authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ isPublic: true }),
    });
    const { publicSlug } = (await published.json()) as { publicSlug: string };
    await waitFor(async () => (await fetch(`${query}/public/${publicSlug}`)).status === 200);
    await waitFor(async () => (await search(query, 'heron')).results.length === 0);
    expect((await cli.run(['doctor'])).stdout).toContain('nats-server');
    await operatorAsks(query);
    await personErases(query);
    expect(violations()).toEqual([]);
  }, 180_000);

  /** A member, of whom the keeper then removes the events, at a time when nobody waits for it. */
  async function personErases(query: string): Promise<void> {
    const wanted = ['--user', 'eve@example.org', '--scopes', 'admin', '--name', 'eve', '--json'];
    const { key } = JSON.parse(await command('keys', 'create', ...wanted)) as { key: string };
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const session = () => fetch(`${query}/auth/session`, { headers });
    await waitFor(async () => (await session()).status === 200);
    const { user } = (await (await session()).json()) as { user: { id: string } };
    const body = JSON.stringify({ confirm: user.id });
    const answer = await fetch(`${query}/api/me`, { method: 'DELETE', headers, body });
    expect(answer.status).toBe(202);
    const { erasureId } = (await answer.json()) as { erasureId: string };
    await command('jobs', 'run', 'erasures');
    await waitFor(
      async () => 'vectors' in (await get<{ verified: object }>(`${query}/api/erasures/${erasureId}`)).verified,
      { timeoutMs: 60_000, what: 'the stores to be verified' },
    );
    await connected('keeper', async (nc) => {
      const keys = await KeyDirectory.open(nc, { secret: KEY_SECRET, isReader: true });
      const logins = await LoginDirectory.open(nc, keys, { limits: { idleMs: 1, lifetimeMs: 1 } });
      await Promise.all([keys.ready(), logins.ready()]);
      const erasure = (await keys.erasures.of(erasureId))!;
      const verified = { stores: { sequence: erasure.hidden!.sequence, sessions: 0 }, payloads: true };
      const after = await continueErasure({ nc, keys, logins }, erasure, verified, { graceMs: -60_000 });
      expect(after.events).toMatchObject({ removed: 4, at: expect.any(Number) });
      await logins.close();
      await keys.close();
    });
  }

  /** What the console shows to operators, and does for them. */
  async function operatorAsks(query: string): Promise<void> {
    const wanted = ['--scopes', 'operator', '--expires', '1h', '--name', 'operator', '--json'];
    const { key } = JSON.parse(await command('keys', 'create', '--user', 'me@localhost', ...wanted)) as { key: string };
    const ask = async <Answer>(path: string, body?: object) => {
      const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) };
      const sent = body && { method: 'POST', body: JSON.stringify(body) };
      const answer = await fetch(`${query}/api/operator/${path}`, { headers, ...sent });
      return answer.status === 200 && ((await answer.json()) as Answer);
    };
    const status = await waitFor(async () => {
      const told = await ask<{ consumers: { problem?: string }[]; log: { missing: [] } }>('status');
      const problems = (told || { consumers: [] }).consumers.flatMap(({ problem }) => problem ?? []);
      // A consumer that has just started is still comparing its store with the log.
      return told && !problems.some((problem) => problem.startsWith('waiting: ')) && { ...told, problems };
    });
    expect([status.log.missing, status.problems]).toEqual([[], []]);
    // One that is still starting does not answer yet.
    await waitFor(async () => {
      const { processes } = (await ask<{ processes: { service: string }[] }>('processes')) || { processes: [] };
      return processes.map(({ service }) => service).join() === [...SERVERS].sort().join();
    });
    await connected('cli', async (nc) => jetstream(nc).publish('osk.events.wsp_a.usr_b.session', 'no event'));
    const letters = () => ask<{ deadLetters: { id: number; originalSequence: number }[] }>('dead-letters');
    const [letter] = await waitFor(async () => {
      const page = await letters();
      return page && page.deadLetters.length === 1 && page.deadLetters;
    });
    expect(await ask(`events/${letter!.originalSequence}`)).toMatchObject({ body: 'no event' });
    const replayed = await ask<{ results: { kind: string; sequence: number }[] }>('dead-letters/replay', {
      ids: [letter!.id],
    });
    expect(replayed).toMatchObject({ results: [{ kind: 'failed' }] });
    const ids = replayed ? replayed.results.map(({ sequence }) => sequence) : [];
    expect(await ask('dead-letters/drop', { ids })).toEqual({ dropped: ids, missing: [] });
    expect(await ask('documents')).toMatchObject({ cursor: null });
  }

  it('find lost streams recreated by the keeper, and continue', async () => {
    const ingest = await running[1]!.url();
    // As somebody who has the server's files.
    await nats.kill();
    await rm(`${nats.folder}/store`, { recursive: true });
    await nats.restart();
    const write = () => post(`${ingest}/sync/session`, { externalId: 'one', title: 'After the loss' });
    await waitFor(async () => (await write()) === 200, { timeoutMs: 60_000, what: 'the log to take events' });
    const query = await running[4]!.url();
    const titles = async () =>
      (await get<{ sessions: { title: string }[] }>(`${query}/api/sessions`)).sessions.map(({ title }) => title);
    await waitFor(async () => (await titles()).includes('After the loss'), { timeoutMs: 60_000 });
    expect(violations()).toEqual([]);
  }, 180_000);
});

describe('an attacker who takes over a service', () => {
  const SUBJECTS_OF_OTHERS = (user: LogUser) => LOG_USERS.filter((other) => other !== user).map(inboxPrefixOf);
  const refused = { name: expect.stringMatching(/PermissionViolationError|RequestError|TimeoutError/) };

  beforeAll(async () => {
    await Promise.all(running.map((service) => service.url()));
  });

  it('cannot connect without a password', async () => {
    await expect(connectLog({ servers: nats.url, name: 'test', firstConnectMs: 1000 })).rejects.toThrow('NATS_TOKEN');
  });

  it.each(['ingest', 'projector', 'embedder', 'query'] as const)('%s forges no API key', async (user) => {
    const forged = 'osk_forged-0123456789-0123456789-0123456789';
    const hash = createHmac('sha256', KEY_SECRET).update(forged).digest('hex');
    await connected(user, async (nc) => {
      await expect(nc.request(`$KV.apikeys.key.${hash}`, '{}', { timeout: 1000 })).rejects.toMatchObject(refused);
    });
    await connected('cli', async (nc) => {
      expect(await (await new Kvm(nc).open('apikeys', { allow_direct: false })).get(`key.${hash}`)).toBeNull();
    });
  });

  // The keeper ends the logins of those who leave. It writes API keys, which give as much.
  it.each(['ingest', 'projector', 'embedder'] as const)('%s logs nobody in', async (user) => {
    await connected(user, async (nc) => {
      await expect(nc.request('$KV.logins.login.abc', '{}', { timeout: 1000 })).rejects.toMatchObject(refused);
    });
  });

  it.each(['ingest', 'projector', 'embedder', 'cli'] as const)('%s asks the keeper for no keys', async (user) => {
    await connected(user, async (nc) => {
      await expect(nc.request('osk.keeper.keys', '{}', { timeout: 1000 })).rejects.toMatchObject(refused);
    });
  });

  it('an answer that is sent into the bucket of the keys is no API key, even under the right name', async () => {
    const forged = 'osk_answer-0123456789-0123456789-0123456789';
    const hash = createHmac('sha256', KEY_SECRET).update(forged).digest('hex');
    const owner = { workspaceId: 'wsp_a', userId: 'usr_b' };
    const record = {
      id: 'key_a',
      prefix: 'osk_answer',
      name: 'a',
      email: 'a@b',
      owner,
      scopes: ['admin'],
      createdAt: 1,
    };
    await connected('projector', async (nc) => {
      const { seq } = await jetstream(nc).publish('osk.payloads.wsp_a.usr_b.c', JSON.stringify(record));
      // nats-server does not check what a user may publish where it sends the answer itself.
      nc.publish(`$JS.API.DIRECT.GET.${STREAM.payloads}`, JSON.stringify({ seq }), {
        reply: `$KV.apikeys.key.${hash}`,
      });
      await nc.flush();
    });
    await connected('cli', async (nc) => {
      const bucket = await new Kvm(nc).open('apikeys', { allow_direct: false });
      const stored = await waitFor(() => bucket.get(`key.${hash}`));
      expect(stored?.json()).toEqual(record);
    });
    // It is behind the forged one: a gateway that knows it has seen that.
    const { key } = JSON.parse(
      await command('keys', 'create', '--user', 'bob@example.org', '--name', 'later', '--json'),
    ) as { key: string };
    const query = await running[4]!.url();
    const statusOf = async (token: string) =>
      (await fetch(`${query}/api/stats`, { headers: { authorization: `Bearer ${token}` } })).status;
    await waitFor(async () => (await statusOf(key)) === 200);
    expect(await statusOf(forged)).toBe(401);
  });

  it.each([
    ['ingest', 'osk.rates'],
    ['query', 'osk.rates'],
    ['query', 'osk.jobs.everywhere.docs'],
    ['projector', 'osk.generations'],
    ['projector', 'osk.replay.documents'],
  ] as const)('%s gains nothing from answering its own request on %s', async (user, request) => {
    const hash = createHmac('sha256', KEY_SECRET).update(`${user} ${request}`).digest('hex');
    const targets = [`$KV.apikeys.key.${hash}`, '$JS.API.STREAM.DELETE.KV_preferences', '_INBOX_keeper.x'];
    await connected(user, async (nc) => {
      nc.subscribe(request, { callback: (_, message) => void message.respond('{}') });
      for (const reply of targets) nc.publish(request, '{}', { reply });
      await waitFor(() =>
        targets.every((target) =>
          violations().some((line) => line.includes(`user:${user}"`) && line.includes(`"${target}"`)),
        ),
      );
    });
    await connected('cli', async (nc) => {
      expect(await (await new Kvm(nc).open('apikeys', { allow_direct: false })).get(`key.${hash}`)).toBeNull();
      expect(await (await jetstreamManager(nc)).streams.info('KV_preferences')).toMatchObject({ state: {} });
    });
  });

  it('no service answers into the log for somebody else, or has JetStream answer into its own API', async () => {
    const hash = createHmac('sha256', KEY_SECRET).update('deputy').digest('hex');
    await connected('query', async (nc) => {
      nc.publish('osk.status.processes', '', { reply: `$KV.apikeys.key.${hash}` });
      nc.publish('osk.keeper.keys', '{}', { reply: `$KV.apikeys.key.${hash}` });
      nc.publish('$JS.API.INFO', '', { reply: '$JS.API.STREAM.DELETE.KV_preferences' });
      // The keeper answers in order.
      await waitFor(async () => (await requestProcessReports(nc)).some(({ service }) => service === 'keeper'));
    });
    await connected('cli', async (nc) => {
      expect(await (await new Kvm(nc).open('apikeys', { allow_direct: false })).get(`key.${hash}`)).toBeNull();
      expect(await (await jetstreamManager(nc)).streams.info('KV_preferences')).toMatchObject({ state: {} });
    });
  });

  it('cannot answer for JetStream, or for another service, where answers are awaited', async () => {
    await connected('embedder', async (nc) => {
      for (const subject of [
        `${inboxPrefixOf('query')}.abc`,
        answerSubject(inboxPrefixOf('query'), 'osk.keeper.keys', 'abc'),
      ]) {
        nc.publish(subject, '{}');
        await waitFor(() => violations().some((line) => line.includes(`user:embedder"`) && line.includes(subject)));
      }
    });
  });

  it.each(['projector', 'embedder'] as const)('%s reads no API key', async (user) => {
    await connected(user, async (nc) => {
      const requests = [
        ['$JS.API.STREAM.MSG.GET.KV_apikeys', { seq: 1 }],
        ['$JS.API.DIRECT.GET.KV_apikeys', { seq: 1 }],
        ['$JS.API.CONSUMER.CREATE.KV_apikeys.x', { stream_name: 'KV_apikeys', config: { name: 'x' } }],
      ] as const;
      for (const [subject, body] of requests) {
        await expect(nc.request(subject, JSON.stringify(body), { timeout: 1000 })).rejects.toMatchObject(refused);
      }
    });
  });

  it.each([...LOG_USERS])('%s deletes no stream', async (user) => {
    await connected(user, async (nc) => {
      for (const name of [...Object.values(STREAM), 'KV_apikeys']) {
        await expect(nc.request(`$JS.API.STREAM.DELETE.${name}`, '', { timeout: 1000 })).rejects.toMatchObject(refused);
      }
    });
  });

  it.each(['ingest', 'projector', 'embedder', 'query', 'cli'] as const)(
    '%s neither purges the events nor changes, creates or mirrors a stream',
    async (user) => {
      const attacks: ((manager: JetStreamManager) => Promise<unknown>)[] = [
        ({ streams }) => streams.purge(STREAM.events),
        ({ streams }) => streams.deleteMessage(STREAM.events, 1),
        ({ streams }) => streams.update(STREAM.events, { max_msgs: 1 }),
        ({ streams }) => streams.update(STREAM.changes, { republish: { src: '>', dest: '$KV.apikeys.>' } }),
        ({ streams }) => streams.add({ name: 'COPY', sources: [{ name: 'KV_apikeys' }] }),
        ({ consumers }) => consumers.delete(STREAM.events, 'documents'),
        ({ consumers }) =>
          consumers.add(STREAM.events, { durable_name: 'documents', filter_subject: 'osk.events.a.b.user' }),
      ];
      await connected(user, async (nc) => {
        const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 1000 });
        for (const attack of attacks) await expect(attack(manager)).rejects.toThrow();
      });
      await connected('cli', async (nc) => {
        const { streams, consumers } = await jetstreamManager(nc);
        expect((await streams.info(STREAM.events)).state.messages).toBeGreaterThan(0);
        expect((await consumers.info(STREAM.events, 'documents')).config.filter_subject).toBeUndefined();
      });
    },
  );

  it.each([...LOG_USERS])('%s reads no answer to another user, and hears nothing that it need not', async (user) => {
    await connected(user, async (nc) => {
      for (const subject of [
        '>',
        '_INBOX.>',
        'osk.events.>',
        '$KV.>',
        ...SUBJECTS_OF_OTHERS(user).map((prefix) => `${prefix}.>`),
      ]) {
        const refusal = new Promise<Error | null>((resolve) => {
          nc.subscribe(subject, { callback: (error) => resolve(error) });
        });
        await nc.flush();
        await expect(refusal.then((error) => error?.name)).resolves.toBe('PermissionViolationError');
      }
    });
  });

  it('all of these attacks are in the log of nats-server', () => {
    for (const user of ['ingest', 'projector', 'embedder', 'query']) {
      expect(violations().filter((line) => line.includes(`user:${user}"`)).length).toBeGreaterThan(5);
    }
  });

  it.each(['ingest', 'query'] as const)('%s makes no users and no keys on the log', async (user) => {
    await connected(user, async (nc) => {
      for (const entity of ['user', 'apikey', 'erasure']) {
        await expect(nc.request(`osk.events.wsp_a.usr_b.${entity}`, '{}', { timeout: 1000 })).rejects.toMatchObject(
          refused,
        );
      }
    });
  });
});
