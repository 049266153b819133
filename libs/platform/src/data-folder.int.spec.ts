import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataFolder, writePrivately } from './data-folder.ts';

const itAsRoot = process.getuid?.() === 0 ? it : it.skip;
const SOMEBODY = 54_321;

let folder: string;
let data: string;
let umask: number;
beforeEach(async () => {
  umask = process.umask();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'opensync-data-')));
  data = join(folder, 'data');
});
afterEach(async () => {
  process.umask(umask);
  await rm(folder, { recursive: true, force: true });
});

describe('makeDataFolder', () => {
  it('creates a folder that only its owner can read, and accepts it again', async () => {
    expect(await makeDataFolder(data)).toBe(data);
    expect((await stat(data)).mode & 0o077).toBe(0);
    await writeFile(join(data, 'documents.db'), '');
    await makeDataFolder(data);
  });

  it('accepts a folder that others can only read, and a link to a folder', async () => {
    await mkdir(data, { mode: 0o755 });
    await makeDataFolder(data);
    await symlink(data, join(folder, 'link'));
    await makeDataFolder(join(folder, 'link'));
  });

  it.each(['775', '757', '1777'])('rejects a folder that others can write to: mode %s', async (octal) => {
    const mode = parseInt(octal, 8);
    await mkdir(data);
    await chmod(data, mode);
    await expect(makeDataFolder(data)).rejects.toMatchObject({
      name: 'ConfigError',
      message:
        `OPENSYNC_DATA_DIR: other users can write to ${data} (mode ${octal}); run: chmod -R go-w ${data}, ` +
        'or choose a folder inside it',
    });
    await makeDataFolder(join(data, 'inside'));
  });

  it('rejects a folder with a file in it that others can write to', async () => {
    await mkdir(data);
    await writeFile(join(data, 'runtime.json'), '{}');
    await chmod(join(data, 'runtime.json'), 0o666);
    await expect(makeDataFolder(data)).rejects.toThrow(`other users can write to ${join(data, 'runtime.json')}`);
  });

  itAsRoot('rejects what belongs to another user: the folder, a file or a link in it', async () => {
    await mkdir(data);
    await symlink('/dev/null', join(data, 'runtime.json'));
    await makeDataFolder(data);
    for (const name of ['', 'nats-server.conf', 'runtime.json']) {
      const path = join(data, name);
      if (name === 'nats-server.conf') await writeFile(path, '');
      await lchown(path, SOMEBODY, SOMEBODY);
      await expect(makeDataFolder(data)).rejects.toThrow(`${path} belongs to another user (uid ${SOMEBODY})`);
      if (name === '') await chown(path, 0, 0);
      else await rm(path);
    }
  });
});

describe('writePrivately', () => {
  it('replaces a file with open permissions by one that only its owner can read', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'planted');
    await chmod(path, 0o666);
    await writePrivately(path, 'ours');
    expect(await readFile(path, 'utf8')).toBe('ours');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('replaces a link instead of writing to its target', async () => {
    const target = join(folder, 'target');
    await writeFile(target, 'of somebody');
    await symlink(target, join(folder, 'link'));
    await writePrivately(join(folder, 'link'), 'ours');
    expect(await readFile(target, 'utf8')).toBe('of somebody');
    expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(false);
  });

  it('leaves nothing behind if it fails', async () => {
    await mkdir(join(folder, 'in-the-way'));
    await expect(writePrivately(join(folder, 'in-the-way'), 'ours')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['in-the-way']);
  });
});
