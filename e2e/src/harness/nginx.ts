import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder, waitFor } from '@opensync/testkit';

const EDGE = fileURLToPath(new URL('../../../deploy/edge/edge.sh', import.meta.url));
const run = promisify(execFile);

/** Whether this machine has the programs that deploy/edge needs, which is made for the nginx image. */
export function hasNginx(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v nginx && command -v envsubst'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface Nginx extends AsyncDisposable {
  readonly port: number;
  /** All that it has logged. */
  logs(): Promise<{ access: string; errors: string }>;
}

/** nginx with the configuration of deploy/edge, in front of `upstream` for both services; without one, of none. */
export async function startNginx(settings: NodeJS.ProcessEnv, upstream = 1): Promise<Nginx> {
  const folder = await temporaryFolder();
  const errors = join(folder.path, 'error.log');
  const access = join(folder.path, 'access.log');
  const port = await freePort();
  const { stdout } = await run('sh', [EDGE, 'print'], { env: { ...process.env, ...settings } });
  const configuration = stdout
    .replaceAll('/tmp/', `${folder.path}/`)
    .replaceAll('/dev/stdout', access)
    .replaceAll('/dev/stderr', errors)
    .replace(/listen 8080[^;]*;/, `listen 127.0.0.1:${port};`)
    .replaceAll('server 127.0.0.1:1;', `server 127.0.0.1:${upstream};`);
  const file = join(folder.path, 'nginx.conf');
  await writeFile(file, configuration);
  const nginx = spawn('nginx', ['-c', file, '-e', errors, '-g', 'daemon off;'], { stdio: 'ignore' });
  const ended = once(nginx, 'exit');
  try {
    const serves = async () => (await fetch(`http://127.0.0.1:${port}/livez`)).ok;
    const failed = ended.then(async () => Promise.reject(new Error(await readFile(errors, 'utf8'))));
    await Promise.race([waitFor(serves, { what: 'nginx to serve' }), failed]);
    failed.catch(() => undefined);
  } catch (error) {
    nginx.kill();
    await folder.remove();
    throw error;
  }
  return {
    port,
    logs: async () => ({ access: await readFile(access, 'utf8'), errors: await readFile(errors, 'utf8') }),
    async [Symbol.asyncDispose]() {
      nginx.kill('SIGTERM');
      await ended;
      await folder.remove();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
