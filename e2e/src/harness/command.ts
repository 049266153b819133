import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The built command `opensync`; the tests run on the Node that it is pinned to. */
export const OPENSYNC = fileURLToPath(new URL('../../../build/opensync.js', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the command line to its end. */
export async function opensync(env: NodeJS.ProcessEnv, ...args: string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, [OPENSYNC, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exit) as [number | null];
  return { code, stdout, stderr };
}

const createdSchema = z.object({ key: z.string(), id: z.string() });

/** API keys of one target, created and revoked through its command line. */
export class Keys {
  readonly #run: (...args: string[]) => Promise<string>;
  readonly #ids = new Map<string, string>();

  /** @param run runs a command of the command line; resolves with its output, rejects if it fails */
  constructor(run: (...args: string[]) => Promise<string>) {
    this.#run = run;
  }

  async create(...owner: string[]): Promise<string> {
    const { key, id } = createdSchema.parse(
      JSON.parse(
        await this.#run('keys', 'create', ...owner, '--name', 'e2e', '--scopes', 'ingest,read,admin', '--json'),
      ),
    );
    this.#ids.set(key, id);
    return key;
  }

  async revoke(key: string): Promise<void> {
    await this.#run('keys', 'revoke', this.#ids.get(key)!);
  }
}

/** As {@link opensync}, for a command that must succeed: resolves with what it printed. */
export async function succeed(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await opensync(env, ...args);
  if (code !== 0) throw new Error(`opensync ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}
