import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Refuses every write from now on. */
  makeReadOnly(): void;
}

/** `it` if this process may mount a disk (root on Linux), otherwise `it.skip`: a full disk cannot be simulated. */
export function itWithDisk(): typeof it {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return it.skip;
  const folder = mkdtempSync(join(tmpdir(), 'opensync-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return it;
  } catch {
    return it.skip;
  } finally {
    rmdirSync(folder);
  }
}

/** A separate disk in memory, removed at the end of the block: `await using disk = await smallDisk(1)`. */
export async function smallDisk(mebibytes: number): Promise<SmallDisk> {
  const { path, remove } = await temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'tmpfs', path]);
  return {
    path,
    makeReadOnly: () => execFileSync('mount', ['-o', 'remount,ro', path]),
    [Symbol.asyncDispose]: async () => {
      // Detached at once, gone when the last process has released it.
      execFileSync('umount', ['--lazy', path]);
      await remove();
    },
  };
}
