import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GO_MODULE, goInstall } from './go-install.ts';

let folder: string;
let target: string;
const { PATH } = process.env;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opensync-go-'));
  target = join(folder, 'cache', 'nats-server');
  await mkdir(join(folder, 'bin'));
  process.env.PATH = `${join(folder, 'bin')}:/usr/bin:/bin`;
});
afterEach(async () => {
  process.env.PATH = PATH;
  await rm(folder, { recursive: true, force: true });
});

/** A `go` that runs this script. */
async function go(script: string): Promise<void> {
  await writeFile(join(folder, 'bin/go'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'bin/go'), 0o755);
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('goInstall', () => {
  it('stores the built program at the target', async () => {
    await go('echo "$@" >"$GOBIN/nats-server"');
    await goInstall(target);
    expect(await readFile(target, 'utf8')).toBe(`install ${GO_MODULE}\n`);
    expect(await readdir(join(folder, 'cache'))).toEqual(['nats-server']);
  });

  it("fails with the last line of go's output", async () => {
    await go('echo "go: downloading" >&2; echo "dial tcp: no route to host" >&2; exit 1');
    await expect(goInstall(target)).rejects.toThrow('dial tcp: no route to host');
    await go('kill -9 $$');
    await expect(goInstall(target)).rejects.toThrow('go ended with SIGKILL');
    expect(await readdir(join(folder, 'cache'))).toEqual([]);
  });

  it('reports that Go is not installed', async () => {
    process.env.PATH = join(folder, 'bin');
    await expect(goInstall(target)).rejects.toThrow('Go is not installed');
  });

  it('ends go and its compilers when it is aborted', async () => {
    const pidFile = join(folder, 'pid');
    await go(`sleep 600 & echo $! >${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait`);
    const stop = new AbortController();
    const installed = goInstall(target, { signal: stop.signal });
    while (!existsSync(pidFile)) await delay(10);
    const compiler = Number(await readFile(pidFile, 'utf8'));
    stop.abort(new Error('stopped'));
    await expect(installed).rejects.toThrow('stopped');
    while (isAlive(compiler)) await delay(10);
    expect(await readdir(join(folder, 'cache'))).toEqual([]);
  });
});
