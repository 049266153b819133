import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, waitFor } from '@opensync/testkit';
import { BENCH_KEY } from '../load.ts';

export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** The all-in-one as `npm start` runs it, on an empty data folder. */
export async function startProduct(): Promise<Product> {
  const folder = await temporaryFolder();
  const main = fileURLToPath(new URL('./main.js', import.meta.resolve('@opensync/opensync')));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'start'], {
    env: { ...process.env, OPENSYNC_DATA_DIR: folder.path, OPENSYNC_BOOTSTRAP_KEY: BENCH_KEY, PORT: '0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const runtime = await waitFor(
    () => JSON.parse(readFileSync(join(folder.path, 'runtime.json'), 'utf8')) as { httpUrl: string; pid: number },
    { timeoutMs: 60_000, what: 'the start of the product' },
  );
  return {
    url: runtime.httpUrl,
    pid: runtime.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await folder.remove();
    },
  };
}
