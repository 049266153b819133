import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, waitFor } from '@opensync/testkit';
import { type AllInOne, BOOTSTRAP_KEY, startAllInOne } from './harness/all-in-one.ts';
import { Api } from './harness/api.ts';
import { OPENSYNC, opensync } from './harness/command.ts';
import { descendants, survivors } from './harness/processes.ts';
import { searchable } from './harness/settled.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

describe('the all-in-one process', () => {
  it('prints its URL, its data folder and where its key is on the first start, and the key itself on none', async () => {
    await using product = await startAllInOne({ OPENSYNC_BOOTSTRAP_KEY: undefined });
    const { port } = new URL(product.url);
    // It answers before it prints.
    await waitFor(() => product.stdout.includes('CLAUDE_SYNC_CONVEX_URL'));
    expect(product.stdout).toMatch(new RegExp(`URL +http://\\S+:${port}\n`));
    expect(product.stdout).toContain(product.dataDir);
    expect(product.stdout).toMatch(new RegExp(`CLAUDE_SYNC_CONVEX_URL=http://\\S+:${port} `));
    expect(product.stdout).not.toMatch(/osk_[\w-]/);
    const [, file] = /^ {2}Key +in the file (\S+)/m.exec(product.stdout)!;
    const api = new Api(product.url, (await readFile(file!, 'utf8')).trim());
    const sequence = await api.syncSession({ externalId: 'kept', title: 'Kept' });
    await api.session('kept', sequence);
    // Its contents give access to everything.
    expect((await stat(join(product.dataDir, 'runtime.json'))).mode & 0o077).toBe(0);

    expect(await product.interrupt()).toMatchObject({ code: 0, leftBehind: [] });
    await product.start();
    await waitFor(() => product.stdout.includes(product.dataDir));
    expect(product.stdout).not.toMatch(/osk_[\w-]/);
    expect(await api.session('kept')).toMatchObject({ title: 'Kept' });
  });

  describe('and its command line', () => {
    let product: AllInOne;
    beforeAll(async () => {
      product = await startAllInOne();
    });
    afterAll(() => product?.stop());

    it('takes the bootstrap key, and does not print it', async () => {
      expect((await new Api(product.url, BOOTSTRAP_KEY).request('/api/stats')).status).toBe(200);
      expect(product.stdout).not.toContain(BOOTSTRAP_KEY);
    });

    it('creates a key with npx opensync, which finds the command in this folder, against the running server, and revokes it', async () => {
      const npx = spawn(
        'npx',
        ['opensync', 'keys', 'create', '--user', 'npx@example.com', '--name', 'laptop', '--json'],
        {
          cwd: REPOSITORY,
          env: product.env,
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      let stdout = '';
      npx.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      expect(await once(npx, 'close')).toEqual([0, null]);
      const { key, id } = JSON.parse(stdout) as { key: string; id: string };
      const api = new Api(product.url, key);
      expect((await api.request('/api/stats')).status).toBe(200);

      const listed = JSON.parse((await product.command('keys', 'list', '--json')).stdout) as { id: string }[];
      expect(listed).toContainEqual(expect.objectContaining({ id, email: 'npx@example.com', name: 'laptop' }));
      expect(JSON.stringify(listed)).not.toContain(key);

      expect((await product.command('keys', 'revoke', id)).code).toBe(0);
      expect(
        (
          await waitFor(async () => {
            const answer = await api.request('/api/stats');
            return answer.status === 401 && answer;
          })
        ).body,
      ).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
      expect((await product.command('keys', 'revoke', 'nobody')).code).toBe(1);
    });

    it('limits a key by its scopes', async () => {
      const { stdout } = await product.command(
        'keys',
        'create',
        '-u',
        'ro@example.com',
        '-n',
        'ro',
        '--scopes',
        'read',
        '--json',
      );
      const api = new Api(product.url, (JSON.parse(stdout) as { key: string }).key);
      expect((await api.request('/api/stats')).status).toBe(200);
      const { status, body } = await api.request('/sync/session', { json: { externalId: 'x' } });
      expect({ status, body }).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } });
    });

    it('serves an agent on stdin and stdout, and exports a session, with the key of the environment', async () => {
      const api = new Api(product.url, BOOTSTRAP_KEY);
      const sequence = await api.syncBatch({
        messages: [
          { sessionExternalId: 'asked', externalId: 'q', role: 'user', textContent: 'Where do kingfishers nest?' },
          { sessionExternalId: 'asked', externalId: 'a', role: 'assistant', textContent: 'In steep banks.' },
        ],
      });
      await searchable(api, sequence);
      const env = { ...product.env, OPENSYNC_URL: product.url, OPENSYNC_API_KEY: BOOTSTRAP_KEY };
      const ask = (id: number, method: string, params: object) =>
        `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
      const agent = spawn(process.execPath, [OPENSYNC, 'mcp'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(agent, 'exit');
      const clientInfo = { name: 'e2e', version: '1' };
      const lines = createInterface({ input: agent.stdout })[Symbol.asyncIterator]();
      const answer = async () => JSON.parse(String((await lines.next()).value)) as { id: number; result: object };
      agent.stdin.write(ask(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }));
      expect(await answer()).toMatchObject({ id: 1, result: { serverInfo: { name: 'opensync' } } });
      agent.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
      agent.stdin.write(ask(2, 'tools/call', { name: 'search_sessions', arguments: { query: 'kingfishers' } }));
      const { id } = await api.session('asked');
      const found = { results: [{ sessionId: id, snippet: expect.stringContaining('kingfishers') }] };
      expect(await answer()).toMatchObject({ id: 2, result: { structuredContent: found } });
      agent.stdin.end();
      expect(await ended).toEqual([0, null]);

      const exported = await opensync(env, 'export', '-f', 'chat', '--id', 'asked');
      expect(exported.code).toBe(0);
      const [row] = exported.stdout.trim().split('\n');
      const { messages } = JSON.parse(row!) as { messages: object[] };
      expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'In steep banks.' }]);
    });

    it('shows what is stored, how far the consumers are, and all locations', async () => {
      const api = await product.api('status@example.com');
      const sequence = await api.syncMessage({
        sessionExternalId: 's',
        externalId: 'm',
        role: 'user',
        textContent: 'x',
      });
      await api.session('s', sequence);
      const report = await waitFor(async () => {
        const status = JSON.parse((await product.command('status', '--json')).stdout) as {
          consumers: { name: string; pending: number; inFlight: number }[];
        };
        return status.consumers.every(({ pending, inFlight }) => pending + inFlight === 0) && status;
      });
      expect(report).toMatchObject({
        state: 'running',
        log: { embedded: true, lastSequence: expect.any(Number), deadLetters: 0 },
        consumers: [{ name: 'documents' }, { name: 'search' }, { name: 'vectors' }],
        stores: [{ kind: 'documents' }, { kind: 'search' }, { kind: 'vectors' }],
      });
      const { code, stdout } = await product.command('status');
      expect(code).toBe(0);
      expect(stdout).toContain('documents');
    });

    it('finds nothing wrong', async () => {
      const { code, stdout, stderr } = await product.command('doctor');
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    });

    it('rejects a second process on its data, a port in use and an invalid setting, in one line', async () => {
      const second = await product.command('start');
      expect(second).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^opensync: OPENSYNC_DATA_DIR: .+ in use .+\n$/),
      });

      await using folder = await temporaryFolder();
      const blocker = createServer().listen(0, '127.0.0.1');
      await once(blocker, 'listening');
      const { port } = blocker.address() as { port: number };
      const taken = await product.command('start', '--data-dir', folder.path, '--port', String(port));
      blocker.close();
      expect(taken).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(new RegExp(`^opensync: PORT: .*${port}.*\n$`)),
      });

      const wrong = await product.command('start', '--port', 'many');
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/^opensync: PORT: .+\n$/) });
    });

    it('works on the data of a product that is stopped', async () => {
      expect(await product.interrupt()).toMatchObject({ code: 0, leftBehind: [] });
      const api = await product.api('offline@example.com');
      expect(JSON.parse((await product.command('status', '--json')).stdout)).toMatchObject({ state: 'stopped' });
      await product.start();
      expect((await api.request('/api/stats')).status).toBe(200);
    });
  });

  it('starts with npm start, and ends with its Ctrl-C', async () => {
    await using folder = await temporaryFolder();
    const npm = spawn('npm', ['start'], {
      cwd: REPOSITORY,
      env: { ...process.env, PORT: '0', OPENSYNC_DATA_DIR: folder.path, OPENSYNC_MODEL_INSTALL: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A separate process group: a terminal sends Ctrl-C to all of it.
      detached: true,
    });
    let output = '';
    npm.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    npm.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const exit = once(npm, 'exit');
    const running = () => npm.exitCode === null && npm.signalCode === null;
    try {
      // It first builds changed packages.
      await waitFor(() => !running() || /URL +http/.test(output), { timeoutMs: 50_000, what: 'the start' });
      const url = /URL +(http\S+)/.exec(output)?.[1];
      if (url === undefined) throw new Error(`npm start ended:\n${output}`);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      const children = await descendants(npm.pid!);
      process.kill(-npm.pid!, 'SIGINT');
      const ending = await exit;
      // Replaces npm's shell, which would die of the signal: `exec` in package.json.
      expect(ending).toEqual([0, null]);
      await waitFor(async () => (await survivors(children)).length === 0, { what: 'the end of all processes' });
    } finally {
      if (running()) process.kill(-npm.pid!, 'SIGKILL');
    }
  });
});
