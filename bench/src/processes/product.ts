import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Settings } from '@opensync/platform';
import { temporaryFolder, waitFor, type MemoryLimit } from '@opensync/testkit';
import { BENCH_KEY } from '../load.ts';

export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** A key for another user, who is created. */
  createKey(email: string): Promise<string>;
}

/** Runs a command under a limit of memory. */
type Limit = Pick<MemoryLimit, 'spawn' | 'env'>;

const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning'];
const program = () => fileURLToPath(new URL('../../../build/opensync.js', import.meta.url));

/** Runs a command of the product; what it complained of if it failed. */
export async function runCommand(args: readonly string[]): Promise<string | undefined> {
  try {
    await promisify(execFile)(process.execPath, [...NODE_OPTIONS, program(), ...args]);
    return undefined;
  } catch (error) {
    return String((error as { stderr?: string }).stderr)
      .trim()
      .split('\n')
      .at(-1);
  }
}

/** The all-in-one as `npm start` runs it, on an empty data folder, or on one that stays. */
export async function startProduct({
  limit,
  settings = {},
  dataDir,
}: { limit?: Limit; settings?: Partial<Record<keyof Settings, string>>; dataDir?: string } = {}): Promise<Product> {
  const folder = dataDir === undefined ? await temporaryFolder() : { path: dataDir, remove: () => Promise.resolve() };
  const own = {
    OPENSYNC_DATA_DIR: folder.path,
    OPENSYNC_BOOTSTRAP_KEY: BENCH_KEY,
    PORT: '0',
    OPENSYNC_MODEL_INSTALL: 'off',
    // Counted as ever, and never reached.
    OPENSYNC_INGEST_RATE_LIMIT: '1000000000',
  };
  const env = { ...process.env, ...own, ...settings };
  const node = [...NODE_OPTIONS, program()];
  const { command, args } = limit?.spawn(process.execPath, [...node, 'start']) ?? {
    command: process.execPath,
    args: [...node, 'start'],
  };
  const child = spawn(command, args, { env: { ...env, ...limit?.env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  const runtime = await waitFor(
    () => JSON.parse(readFileSync(join(folder.path, 'runtime.json'), 'utf8')) as { httpUrl: string; pid: number },
    { timeoutMs: 60_000, what: 'the start of the product' },
  );
  return {
    url: runtime.httpUrl,
    pid: runtime.pid,
    async createKey(email) {
      const create = ['keys', 'create', '--user', email, '--name', 'bench', '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, [...node, ...create], { env });
      return (JSON.parse(stdout) as { key: string }).key;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      await folder.remove();
    },
  };
}
