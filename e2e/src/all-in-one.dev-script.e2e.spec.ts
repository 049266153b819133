import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { descendants, survivors } from './harness/processes.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const START = { timeoutMs: 100_000 };
/** Every process loads it. */
const LOADED = 'libs/contracts/src/owner.ts';

/** A workspace with copies of the sources and the packages of this one: a test must not edit the real sources. */
async function copyWorkspace(folder: string): Promise<void> {
  const skip = /\/(dist|node_modules|reports)$/;
  for (const name of ['scripts', 'libs', 'services', 'package.json', 'package-lock.json']) {
    const filter = (source: string) => !skip.test(source);
    await cp(join(REPOSITORY, name), join(folder, name), { recursive: true, filter });
  }
  const modules = join(REPOSITORY, 'node_modules');
  await mkdir(join(folder, 'node_modules/@opensync'), { recursive: true });
  for (const name of await readdir(modules)) {
    if (name === '@opensync' || name === '.cache') continue;
    await symlink(join(modules, name), join(folder, 'node_modules', name));
  }
  for (const name of await readdir(join(modules, '@opensync'))) {
    const path = relative(REPOSITORY, await realpath(join(modules, '@opensync', name)));
    await symlink(join(folder, path), join(folder, 'node_modules/@opensync', name));
  }
}

/** `npm run dev` as a shell runs it: the leader of a process group, as what a terminal sends Ctrl-C to. */
function startDev(args: readonly string[] = [], settings: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME, NATS_SERVER_BIN } = process.env;
  const child = spawn('npm', ['run', '--silent', 'dev', '--', ...args], {
    cwd: workspace,
    env: {
      PATH,
      HOME,
      NATS_SERVER_BIN,
      PORT: '0',
      OPENSYNC_DATA_DIR: dataDir,
      OPENSYNC_MODEL_INSTALL: 'off',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const text = { all: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text.all += chunk));
  }
  return { pid: child.pid!, text, ended: once(child, 'close').then(([code]) => code as number | null) };
}

const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;
const RESTARTED = /^Restarted in [\d.]+ s: (http:\S+)$/gm;

let temporary: TemporaryFolder;
let workspace: string;
let dataDir: string;
beforeAll(async () => {
  temporary = await temporaryFolder();
  workspace = join(await realpath(temporary.path), 'clone');
  dataDir = join(temporary.path, 'data');
  await copyWorkspace(workspace);
});
afterAll(() => temporary.remove());

describe('npm run dev', () => {
  it('restarts once for a burst of saves, keeps the data, survives a syntax error, and exits with 0 at Ctrl-C', async () => {
    const { pid, text, ended } = startDev();
    const loaded = join(workspace, LOADED);
    const source = await readFile(loaded, 'utf8');
    try {
      await waitFor(() => text.all.includes('OpenSync is running'), { ...START, what: 'the start' });
      const key = (await readFile(join(dataDir, 'plugin-key'), 'utf8')).trim();
      const nats = Number(await readFile(join(dataDir, 'nats/nats-server.pid'), 'utf8'));
      const first = (await descendants(pid)).filter(({ command }) => command.includes('main.ts start'));
      expect(first.length).toBe(1);
      const before = [...first, ...(await descendants(first[0]!.pid))];
      expect(before.map((process) => process.pid)).toContain(nats);

      for (let save = 0; save < 20; save++) await writeFile(loaded, `${source}// ${save}\n`);
      await waitFor(() => count(text.all, RESTARTED) === 1, { ...START, what: 'the restart' });
      expect(await survivors(before)).toEqual([]);
      expect(text.all.match(/^.* restarting …$/gm)).toEqual([`${LOADED} changed, restarting …`]);
      const url = Array.from(text.all.matchAll(RESTARTED), ([, at]) => at)[0]!;
      const answer = await fetch(`${url}/api/sessions`, { headers: { authorization: `Bearer ${key}` } });
      expect(answer.status).toBe(200);

      await writeFile(loaded, `${source}const broken = ;\n`);
      await waitFor(() => text.all.includes('Save a file to start it again'), { ...START, what: 'the error' });
      expect(text.all).toContain('const broken = ;');
      expect(text.all).toContain(LOADED);
      await writeFile(loaded, source);
      await waitFor(() => count(text.all, RESTARTED) === 2, { ...START, what: 'the start after the error' });

      // A new folder, and a file in it.
      await mkdir(join(workspace, 'services/opensync/src/scratch'));
      await writeFile(join(workspace, 'services/opensync/src/scratch/new.ts'), 'export {};\n');
      await waitFor(() => count(text.all, RESTARTED) === 3, { ...START, what: 'the restart for a new file' });

      const last = await descendants(pid);
      process.kill(-pid, 'SIGINT');
      expect({ code: await ended, output: text.all }).toMatchObject({ code: 0 });
      expect(text.all).toMatch(/Stopped\.\n$/);
      await waitFor(async () => (await survivors(last)).length === 0, { ...START, what: 'the end of what it started' });
    } finally {
      try {
        process.kill(-pid, 'SIGTERM');
      } catch {
        // it has ended
      }
      await ended;
    }
  }, 400_000);

  it('shows the banner with the first key, even if the first start did not compile', async () => {
    const loaded = join(workspace, LOADED);
    const source = await readFile(loaded, 'utf8');
    await writeFile(loaded, `${source}const broken = ;\n`);
    const { pid, text, ended } = startDev(['--data-dir', join(temporary.path, 'other-data')], {
      OPENSYNC_KEY_DISPLAY: 'always',
    });
    try {
      await waitFor(() => text.all.includes('Save a file to start it again'), { ...START, what: 'the error' });
      await writeFile(loaded, source);
      await waitFor(() => text.all.includes('For other agents, open'), { ...START, what: 'the banner' });
      expect(text.all).toMatch(/^ {2}Key +osk_\S+/m);
    } finally {
      await writeFile(loaded, source);
      process.kill(-pid, 'SIGINT');
      await ended;
    }
  }, 400_000);

  it('rejects a misspelled option, and prints its help', async () => {
    const wrong = startDev(['--prot', '1']);
    expect(await wrong.ended).toBe(1);
    expect(wrong.text.all).toContain("unknown option '--prot'");
    const help = startDev(['--help']);
    expect(await help.ended).toBe(0);
    expect(help.text.all).toMatch(/^Usage: npm run dev/);
  });
});
