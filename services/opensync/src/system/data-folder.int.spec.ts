import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { itWithDisk, smallDisk, temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { DataFolderInUseError, holdDataFolder, readRuntime } from './data-folder.ts';

let temporary: TemporaryFolder;
beforeEach(async () => {
  temporary = await temporaryFolder();
});
afterEach(() => temporary[Symbol.asyncDispose]());

const runtime = { pid: process.pid, httpUrl: 'http://127.0.0.1:1', natsUrl: 'nats://127.0.0.1:2', natsToken: 'secret' };

describe('the data folder', () => {
  it('belongs to one holder, who is named to the next', async () => {
    const folder = await holdDataFolder(join(temporary.path, 'data'));
    await folder.publish(runtime);
    expect((await stat(join(folder.path, 'runtime.json'))).mode & 0o077).toBe(0);

    const refused = holdDataFolder(folder.path);
    await expect(refused).rejects.toThrow(DataFolderInUseError);
    await expect(refused).rejects.toThrow(`is in use by process ${process.pid}, http://127.0.0.1:1`);
    expect(await readRuntime(folder.path)).toEqual(runtime);

    await folder.release();
    expect(await readRuntime(folder.path)).toBeUndefined();
    await (await holdDataFolder(folder.path)).release();
  });

  it('is free again as soon as its holder is killed', async () => {
    const path = join(temporary.path, 'data');
    const module = new URL('./data-folder.ts', import.meta.url).href;
    const holder = spawn(
      process.execPath,
      [
        '--conditions=opensync-source',
        '--input-type=module',
        '-e',
        `const { holdDataFolder } = await import(${JSON.stringify(module)});
         globalThis.folder = await holdDataFolder(${JSON.stringify(path)});
         console.log('held');
         setInterval(() => undefined, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(createInterface({ input: holder.stdout }), 'line');
    await expect(holdDataFolder(path)).rejects.toThrow('is in use by another process');
    const waiting = holdDataFolder(path, 10_000);
    holder.kill('SIGKILL');
    await (await waiting).release();
  });

  it('names the setting of an unusable folder', async () => {
    const file = join(temporary.path, 'file');
    await writeFile(file, '');
    await expect(holdDataFolder(join(file, 'data'))).rejects.toThrow(
      /^OPENSYNC_DATA_DIR: cannot create .* \(ENOTDIR\)$/,
    );
  });

  it('says why a folder cannot be written, with the name of the setting', async () => {
    const folder = await holdDataFolder(join(temporary.path, 'data'));
    await folder.release();
    // A folder in place of the probe file fails the write whatever privileges this process has.
    const probe = join(folder.path, `probe.${process.pid}`);
    await mkdir(join(probe, 'in-the-way'), { recursive: true });
    await expect(holdDataFolder(folder.path)).rejects.toMatchObject({
      name: 'ConfigError',
      message: `OPENSYNC_DATA_DIR: cannot write to ${folder.path} (EISDIR)`,
    });
    await rm(probe, { recursive: true });
    await (await holdDataFolder(folder.path)).release();
  });

  itWithDisk()('names ENOSPC for a full disk and EROFS for a read-only one', async () => {
    await using disk = await smallDisk(1);
    await (await holdDataFolder(disk.path)).release();
    await writeFile(join(disk.path, 'ballast'), Buffer.alloc(2 * 1024 * 1024)).catch(() => undefined);
    await expect(holdDataFolder(disk.path)).rejects.toThrow(`cannot write to ${disk.path} (ENOSPC)`);
    disk.makeReadOnly();
    await expect(holdDataFolder(disk.path)).rejects.toThrow(`cannot write to ${disk.path} (EROFS)`);
  });
});
