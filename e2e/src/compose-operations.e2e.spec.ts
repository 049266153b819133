import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { eventSubject, userIdOf, workspaceIdOf } from '@opensync/contracts';
import { connectLog, STREAM } from '@opensync/event-log';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { stablePort, temporaryFolder, waitFor } from '@opensync/testkit';
import { startAllInOne } from './harness/all-in-one.ts';
import { Api, type SessionPage } from './harness/api.ts';
import { composeIn, docker, logOf } from './harness/compose.ts';
import { embedded, searchable } from './harness/settled.ts';
import { countsOf, readStatus } from './harness/status.ts';

const APART = process.env.OPENSYNC_E2E_TARGET === 'compose';
const EMAIL = 'ada@example.com';

/** The commands of docs/operations.md, on an installation that was moved here from an embedded one. */
(APART ? describe : describe.skip)('operations in docker compose (runs in deploy/compose-test.sh)', () => {
  let env: NodeJS.ProcessEnv;
  let before: SessionPage[];
  let imported: string;
  let history: Uint8Array;
  let api: Api;

  const compose = (...args: string[]) => composeIn(env, args);
  const cli = (args: readonly string[], stdin?: Uint8Array) =>
    composeIn(env, ['run', '-T', '--rm', '--no-deps', 'cli', ...args], stdin);

  /** Sessions of an embedded installation, as the file that export-log writes; and as its clients saw them. */
  async function exportedSessions(): Promise<{ file: Buffer; key: string; sequence: string; pages: SessionPage[] }> {
    await using folder = await temporaryFolder();
    await using embeddedOne = await startAllInOne();
    const there = await embeddedOne.api(EMAIL);
    const sequence = await there.syncBatch({
      sessions: [
        { externalId: 'nests', title: 'Herons at the river' },
        { externalId: 'login', title: 'Cookies' },
      ],
      messages: [
        { sessionExternalId: 'nests', externalId: 'm', role: 'user', textContent: 'Where do herons nest?' },
        { sessionExternalId: 'login', externalId: 'm', role: 'user', textContent: 'The cookie expires too early' },
      ],
    });
    await there.session('login', sequence);
    const path = join(folder.path, 'history.jsonl.gz');
    expect(await embeddedOne.command('export-log', path)).toMatchObject({ code: 0 });
    const pages = [await there.session('nests'), await there.session('login')];
    return { file: await readFile(path), key: there.key, sequence, pages };
  }

  /**
   * Imports a history as versions did whose containers asked for no password: nats-server runs as root, its data are
   * root's, and the secret of the keys is beside them.
   */
  async function importedBeforePasswords(file: Uint8Array): Promise<string> {
    const project = env.COMPOSE_PROJECT_NAME!;
    const label = (name: string, value: string) => ['--label', `com.docker.compose.${name}=${value}`];
    const volume = `${project}_nats`;
    const server = `${project}-former-nats`;
    await docker(['volume', 'create', ...label('project', project), ...label('volume', 'nats'), volume]);
    const image = ['nats:2.15.2-alpine', '-js', '--store_dir', '/data'];
    await docker([
      'run',
      '--detach',
      '--rm',
      '--name',
      server,
      ...label('project', project),
      '-v',
      `${volume}:/data`,
      ...image,
    ]);
    try {
      const cli = ['--network', `container:${server}`, '-e', 'NATS_URL=nats://127.0.0.1:4222', env.OPENSYNC_IMAGE!];
      return await docker(['run', '--rm', '--interactive', ...cli, 'import-log', '-'], file);
    } finally {
      await docker(['stop', server]);
    }
  }

  beforeAll(async () => {
    const port = await stablePort();
    env = {
      ...process.env,
      // deploy/compose-test.sh takes it down as well if this cannot.
      COMPOSE_PROJECT_NAME: `${process.env.COMPOSE_PROJECT_NAME}-moved`,
      OPENSYNC_PORT: String(port),
      OPENSYNC_BOOTSTRAP_KEY: '',
    };
    const { file, key, sequence, pages } = await exportedSessions();
    before = pages;
    history = file;
    imported = await importedBeforePasswords(file);
    await compose('up', '--detach', '--wait', '--no-build');
    api = new Api(`http://127.0.0.1:${port}`, key);
    await searchable(api, sequence);
    await embedded(api, sequence);
  }, 400_000);
  afterAll(() => compose('down', '--volumes', '--timeout', '5'), 120_000);

  it('a command that was interrupted may be repeated: nothing is imported twice', async () => {
    // By the user of the command line, which the log refuses what it needs not.
    expect(await cli(['import-log', '-'], history)).toMatch(/^-: /);
  }, 60_000);

  it('a history that was imported from stdin is unchanged, and found by full text and by meaning', async () => {
    // Two sessions with a message each; a workspace, a user and a membership.
    expect(imported).toMatch(/^-: 7 events, 0 payloads, \d+ API keys?/);
    expect([await api.session('nests'), await api.session('login')]).toEqual(before);
    expect((await api.search('cookie expires', 'fulltext')).results).toMatchObject([{ title: 'Cookies' }]);
    const { results, degraded } = await api.search('sessions time out prematurely', 'semantic');
    expect({ first: results[0]?.title, degraded }).toEqual({ first: 'Cookies', degraded: undefined });
  });

  it('rebuild search builds a new index, and the same sessions are found', async () => {
    const count = async () => countsOf(readStatus(await cli(['status', '--json']))).search;
    const rows = await count();
    const report = JSON.parse(await cli(['rebuild', 'search', '--json'])) as { generation: number };
    expect(report).toMatchObject({ store: 'search', different: [], switchedEverywhere: true });
    expect(await count()).toEqual(rows);
    expect((await api.search('herons', 'fulltext')).results).toMatchObject([{ title: 'Herons at the river' }]);
    expect(await cli(['rebuild', 'clean', 'search'])).toBe(`search: removed generation ${report.generation - 1}\n`);
  }, 120_000);

  it('dlq list and replay: a readable letter is gone, an unreadable one is back with its attempt counted', async () => {
    const log = await connectLog({ ...(await logOf(env)), name: 'e2e' });
    const workspaceId = workspaceIdOf('default');
    const subject = eventSubject({ workspaceId, userId: userIdOf(workspaceId, EMAIL) }, 'session');
    const { seq } = await jetstream(log).publish(subject, 'no event');
    const list = async () => JSON.parse(await cli(['dlq', 'list', '--json'])) as Record<string, unknown>[];
    await waitFor(async () => (await list()).length === 1, { timeoutMs: 60_000, what: 'the dead letter' });
    const readable = await addReadableLetter(log);
    await log.close();
    expect(await list()).toMatchObject([
      { id: 1, consumer: 'documents', originalSequence: seq, attempts: 1 },
      { id: 2, consumer: 'documents', originalSequence: readable, reason: 'for a while' },
    ]);

    // Exit code 0 if all named letters are processed, otherwise this rejects.
    expect(JSON.parse(await cli(['dlq', 'replay', '2', '--json']))).toEqual([{ id: 2, kind: 'processed' }]);
    await expect(cli(['dlq', 'replay', '--all', '--json'])).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('"kind":"failed"'),
    });
    expect(await list()).toMatchObject([{ id: 3, originalSequence: seq, attempts: 2 }]);
    expect([await api.session('nests'), await api.session('login')]).toEqual(before);
  }, 180_000);
});

/** Puts the first event of a session beside the first dead letter, as one that could not be read for a while; returns its sequence. */
async function addReadableLetter(log: NatsConnection): Promise<number> {
  const { streams } = await jetstreamManager(log);
  const letter = (await streams.getMessage(STREAM.deadLetters, { seq: 1 }))!;
  const firstOfSession: { seq: number; next_by_subj: string } = { seq: 1, next_by_subj: 'osk.events.*.*.session' };
  const event = (await streams.getMessage(STREAM.events, firstOfSession))!;
  const copy = headers();
  copyTo(copy, letter.header);
  copyTo(copy, event.header);
  copy.set('Osk-Original-Sequence', String(event.seq));
  copy.set('Osk-Original-Subject', event.subject);
  copy.set('Osk-Reason', 'for a while');
  await jetstream(log).publish(letter.subject, event.data, { headers: copy });
  return event.seq;
}

/** All but instructions to the server. */
function copyTo(copy: MsgHdrs, from: MsgHdrs): void {
  for (const [name, values] of from) {
    if (!name.startsWith('Nats-')) for (const value of values) copy.append(name, value);
  }
}
