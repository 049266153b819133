import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { isOnPath, pathLine } from '../cli/command-name.ts';
import { installationFolder, installCommand } from './command-shim.ts';

const run = promisify(execFile);
const PROGRAM = `
const { execPath, argv, env } = process;
console.log(JSON.stringify({ node: execPath, args: argv.slice(2), dataDir: env.OPENSYNC_DATA_DIR }));
process.exit(Number(argv[2] ?? 0));`;

let temporary: TemporaryFolder;
beforeEach(async () => {
  temporary = await temporaryFolder();
});
afterEach(() => temporary.remove());

/** A folder with what the command needs of an installation. */
async function installation(name = 'clone', { node = true } = {}): Promise<string> {
  const folder = join(temporary.path, name);
  await mkdir(join(folder, 'services/opensync/bin'), { recursive: true });
  await writeFile(join(folder, 'services/opensync/bin/opensync.mjs'), PROGRAM);
  if (node) {
    await mkdir(join(folder, 'node_modules/node/bin'), { recursive: true });
    await symlink(process.execPath, join(folder, 'node_modules/node/bin/node'));
  }
  return folder;
}

async function dataFolder(name = 'data'): Promise<string> {
  const folder = join(temporary.path, name);
  await mkdir(folder);
  return folder;
}

interface Ran {
  readonly node: string;
  readonly args: readonly string[];
  readonly dataDir: string;
}

const ENV = { PATH: '/usr/bin:/bin' };

async function runs(command: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = ENV): Promise<Ran> {
  return JSON.parse((await run(command, args, { env })).stdout) as Ran;
}

/** A command that must fail, with its whole output. */
async function fails(command: string, env: NodeJS.ProcessEnv = ENV): Promise<{ code: number; output: string }> {
  const failure = (await run(command, [], { env }).catch((error: unknown) => error)) as {
    code: number;
    stdout: string;
    stderr: string;
  };
  return { code: failure.code, output: failure.stdout + failure.stderr };
}

describe('the command in the data folder', () => {
  it('runs the command line of the installation, only for its owner, on this data folder', async () => {
    const data = await dataFolder();
    const command = await installCommand(data, await installation());
    expect(command).toBe(join(data, 'bin/opensync'));
    expect((await stat(command)).mode & 0o777).toBe(0o700);
    expect(await runs(command, ['0', 'two words', '$HOME'])).toEqual({
      node: process.execPath,
      args: ['0', 'two words', '$HOME'],
      dataDir: data,
    });
    expect(await readdir(dirname(command))).toEqual(['opensync']);
  });

  it('passes on the exit code and signals', async () => {
    const folder = await installation();
    const command = await installCommand(await dataFolder(), folder);
    await expect(run(command, ['3'], { env: ENV })).rejects.toMatchObject({ code: 3 });
    await writeFile(
      join(folder, 'services/opensync/bin/opensync.mjs'),
      `process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('ready');`,
    );
    const child = spawn(command, [], { env: ENV, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it.each(["it's a folder", 'with "quotes" and $HOME', 'a\nb', '-n', 'ünï'])('works from and in %j', async (name) => {
    const data = await dataFolder(`${name} data`);
    const command = await installCommand(data, await installation(name));
    expect((await runs(command)).dataDir).toBe(data);
    const { stdout } = await run('sh', ['-c', `${pathLine(command)}\nopensync`], { env: ENV });
    expect((JSON.parse(stdout) as Ran).dataDir).toBe(data);
  });

  it('leaves the choice of another data folder to the environment', async () => {
    const data = await dataFolder();
    const command = await installCommand(data, await installation());
    expect((await runs(command, [], { ...ENV, OPENSYNC_DATA_DIR: '/elsewhere' })).dataDir).toBe('/elsewhere');
    expect((await runs(command, [], { ...ENV, OPENSYNC_DATA_DIR: '' })).dataDir).toBe(data);
  });

  it('finds its data folder through links, and after a move of it', async () => {
    const data = await dataFolder();
    const command = await installCommand(data, await installation());
    const links = await dataFolder('links');
    await symlink(command, join(links, 'absolute'));
    await symlink('absolute', join(links, 'opensync'));
    expect((await runs(join(links, 'opensync'))).dataDir).toBe(data);
    expect(isOnPath(command, { PATH: links })).toBe(true);
    await rename(data, `${data}-moved`);
    expect((await runs(join(`${data}-moved`, 'bin/opensync'))).dataDir).toBe(`${data}-moved`);
  });

  it('says in one line that the installation has moved, until it is started again', async () => {
    const data = await dataFolder();
    const folder = await installation();
    const command = await installCommand(data, folder);
    await rename(folder, `${folder}-moved`);
    expect(await fails(command)).toEqual({
      code: 127,
      output: `opensync: OpenSync is no longer in ${folder}; run npm start in its new folder, which updates this command\n`,
    });
    await installCommand(data, `${folder}-moved`);
    expect((await runs(command)).dataDir).toBe(data);
  });

  it('uses the node on PATH while the pinned one is not installed, and reports if there is none', async () => {
    const folder = await installation('clone', { node: false });
    const command = await installCommand(await dataFolder(), folder);
    const programs = await dataFolder('programs');
    for (const name of ['dirname', 'readlink', 'sh']) await symlink(`/usr/bin/${name}`, join(programs, name));
    expect(await fails(command, { PATH: programs })).toEqual({
      code: 127,
      output: `opensync: Node is not installed; run npm start in ${folder}, which installs it\n`,
    });
    await symlink(process.execPath, join(programs, 'node'));
    expect((await runs(command, [], { PATH: programs })).args).toEqual([]);
  });

  it('is written by the folder that this test runs in', async () => {
    expect(await readFile(join(installationFolder()!, 'package.json'), 'utf8')).toContain('"workspaces"');
  });
});

describe('whether a shell finds the command', () => {
  it('is true only for this one, not for another program with its name', async () => {
    const command = await installCommand(await dataFolder(), await installation());
    const other = await dataFolder('other');
    await writeFile(join(other, 'opensync'), '', { mode: 0o755 });
    expect(isOnPath(command, { PATH: '' })).toBe(false);
    expect(isOnPath(command, {})).toBe(false);
    expect(isOnPath(command, { PATH: `${other}:/usr/bin` })).toBe(false);
    expect(isOnPath(command, { PATH: `/usr/bin:${dirname(command)}` })).toBe(true);
    await rm(command);
    expect(isOnPath(command, { PATH: dirname(command) })).toBe(false);
  });
});
