import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { descendants, survivors } from './harness/processes.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const AT_ONCE_MS = 3000;

/** A shell script that starts a program, says so by making `ready`, and takes ten minutes. */
const endless = (ready: string) => `#!/bin/sh\nsleep 600 &\nmkdir "${ready}"\nwait\n`;

/** A workspace with the real scripts, in which npm, the compiler and the product are stand-ins. */
class Workspace {
  readonly folder: string;
  readonly ready: string;
  readonly #bin: string;

  constructor({ path }: TemporaryFolder) {
    this.folder = join(path, 'clone');
    this.ready = join(path, 'ready');
    this.#bin = join(path, 'bin');
  }

  async make(): Promise<void> {
    await mkdir(this.#bin);
    await cp(join(REPOSITORY, 'scripts'), join(this.folder, 'scripts'), { recursive: true });
    const { scripts } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: object };
    await writeFile(join(this.folder, 'package.json'), JSON.stringify({ type: 'module', scripts }));
    await writeFile(join(this.folder, 'package-lock.json'), '{}');
  }

  /** `npm` as the scripts find it; the one that runs `npm start` is the real one. */
  async npm(script: string): Promise<void> {
    await writeFile(join(this.#bin, 'npm'), script);
    await chmod(join(this.#bin, 'npm'), 0o755);
  }

  async install(): Promise<void> {
    await this.#file('node_modules/.opensync-installed', createHash('sha256').update('{}').digest('hex'));
    await mkdir(join(this.folder, 'node_modules/node/bin'), { recursive: true });
    await symlink(process.execPath, join(this.folder, 'node_modules/node/bin/node'));
    await this.consoleBuild('');
  }

  consoleBuild(program: string): Promise<void> {
    return this.#file('apps/console/build.mjs', program);
  }

  bundler(program: string): Promise<void> {
    return this.#file('scripts/bundle.mjs', program);
  }

  product(program: string): Promise<void> {
    return this.#file('build/opensync.js', program);
  }

  async #file(name: string, content: string): Promise<void> {
    await mkdir(dirname(join(this.folder, name)), { recursive: true });
    await writeFile(join(this.folder, name), content);
  }

  /** `npm start` as a shell runs it: the leader of a process group, as what a terminal sends Ctrl-C to. */
  start() {
    const { PATH, HOME } = process.env;
    const child = spawn('sh', ['-c', `exec "$(PATH="$REAL_PATH" command -v npm)" start`], {
      cwd: this.folder,
      env: { PATH: `${this.#bin}:${PATH}`, REAL_PATH: PATH, HOME, NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output = Promise.all([text(child.stdout), text(child.stderr)]).then((parts) => parts.join(''));
    return { pid: child.pid!, ended: once(child, 'exit').then(([code]) => code as number | null), output };
  }
}

let temporary: TemporaryFolder;
let workspace: Workspace;
beforeEach(async () => {
  temporary = await temporaryFolder();
  workspace = new Workspace(temporary);
  await workspace.make();
});
afterEach(() => temporary.remove());

const program = (code: string) => `import { mkdirSync } from 'node:fs'; ${code}`;

/** Each brings the workspace to where `npm start` waits in this phase. */
const PHASES: Readonly<Record<string, (workspace: Workspace) => Promise<void>>> = {
  install: (workspace) => workspace.npm(endless(workspace.ready)),
  build: async (workspace) => {
    await workspace.install();
    const script = JSON.stringify(endless(workspace.ready));
    await workspace.bundler(
      `import { spawn } from 'node:child_process'; spawn('sh', ['-c', ${script}], { stdio: 'inherit' });`,
    );
  },
  'building the console': async (workspace) => {
    await workspace.install();
    await workspace.bundler('');
    await workspace.consoleBuild(
      program(`mkdirSync(${JSON.stringify(workspace.ready)}); setInterval(() => {}, 1000);`),
    );
  },
  'loading the program': async (workspace) => {
    await workspace.install();
    await workspace.bundler('');
    await workspace.product(program(`mkdirSync(${JSON.stringify(workspace.ready)}); setInterval(() => {}, 1000);`));
  },
  running: async (workspace) => {
    await workspace.install();
    await workspace.bundler('');
    const stop = `() => setTimeout(() => process.exit(0), 50)`;
    await workspace.product(
      program(`for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, ${stop});
        mkdirSync(${JSON.stringify(workspace.ready)}); setInterval(() => {}, 1000);`),
    );
  },
};

describe('npm start', () => {
  describe.each(Object.keys(PHASES))('in its phase "%s"', (phase) => {
    it.each([
      ['a Ctrl-C in the terminal', (pid: number) => process.kill(-pid, 'SIGINT')],
      ['a SIGINT to npm alone', (pid: number) => process.kill(pid, 'SIGINT')],
      ['a SIGTERM to npm alone', (pid: number) => process.kill(pid, 'SIGTERM')],
    ])('ends at once with exit code 0 at %s, and leaves nothing running', async (_what, stop) => {
      await PHASES[phase]!(workspace);
      const { pid, ended, output } = workspace.start();
      await waitFor(() => existsSync(workspace.ready), { what: `the phase ${phase}` });
      const processes = await descendants(pid);
      expect(processes.length).toBeGreaterThan(0);
      const askedAt = performance.now();
      stop(pid);
      expect({ code: await ended, output: await output }).toMatchObject({ code: 0 });
      expect(performance.now() - askedAt).toBeLessThan(AT_ONCE_MS);
      await waitFor(async () => (await survivors(processes)).length === 0, { what: 'the end of what it started' });
    });
  });

  it('installs again after an interrupted installation', async () => {
    await workspace.install();
    await writeFile(join(workspace.folder, 'package-lock.json'), '{"changed":true}');
    await workspace.npm(endless(workspace.ready));
    const { pid, ended } = workspace.start();
    await waitFor(() => existsSync(workspace.ready), { what: 'the installation' });
    process.kill(-pid, 'SIGINT');
    await ended;
    // The lockfile of before again: what was interrupted may have removed any of its packages.
    await writeFile(join(workspace.folder, 'package-lock.json'), '{}');
    await workspace.npm('#!/bin/sh\necho "npm $*"\nexit 9\n');
    const again = workspace.start();
    expect(await again.ended).toBe(9);
    expect(await again.output).toMatch(/\nnpm ci [^\n]+\nThe installation failed\. [^\n]+\n/);
  });

  it("shows the bundler's output if the build fails", async () => {
    await workspace.install();
    await workspace.bundler(`console.log('main.ts(1,1): error'); process.exit(2);`);
    const { ended, output } = workspace.start();
    expect(await ended).toBe(2);
    expect(await output).toMatch(/✗ Building, \d+ s\nmain\.ts\(1,1\): error\nThe build failed; [^\n]+\n/);
  });

  it('installs the pinned Node if an installation without scripts left it out', async () => {
    await workspace.install();
    await workspace.npm('#!/bin/sh\necho "npm $*"\nexit 1\n');
    await writeFile(join(workspace.folder, 'node_modules/.package-lock.json'), '{}');
    await rm(join(workspace.folder, 'node_modules/node'), { recursive: true });
    const { output } = workspace.start();
    expect(await output).toContain('\nnpm rebuild node ');
  });
});

describe('npm start with an invalid setting', () => {
  it.each([
    [{ NATS_URL: 'foo' }, 'NATS_URL: "foo" is not a list of URLs that start with nats:// or tls://'],
    [{ PORT: 'many' }, 'PORT: "many" is not a whole number'],
    [{ MONGODB_URL: 'localhost' }, 'MONGODB_URL: "localhost" is not a URL'],
  ])('starts nothing: %j', async (settings, message) => {
    const dataDir = join(temporary.path, 'data');
    const child = spawn('npm', ['start'], {
      cwd: REPOSITORY,
      env: { ...process.env, OPENSYNC_DATA_DIR: dataDir, OPENSYNC_MODEL_INSTALL: 'off', ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const stderr = text(child.stderr);
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(await stderr).toContain(`opensync: ${message}`);
    expect(existsSync(dataDir)).toBe(false);
  });
});
