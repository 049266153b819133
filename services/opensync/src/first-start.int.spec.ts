import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { isAlive, Product } from './testing/product.ts';

const AT_ONCE_MS = 3000;

let temporary: TemporaryFolder;
let product: Product;
beforeEach(async () => {
  temporary = await temporaryFolder();
  product = new Product(join(temporary.path, 'data'));
});
afterEach(async () => {
  await product.dispose();
  await temporary.remove();
});

/** The environment of a machine without a nats-server, with this outcome of a download. */
async function machine(fetch: 'hangs' | 'fails', go?: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(temporary.path, 'bin');
  await mkdir(bin);
  if (go !== undefined) {
    await writeFile(join(bin, 'go'), `#!/bin/sh\n${go}\n`);
    await chmod(join(bin, 'go'), 0o755);
  }
  const outcome = {
    hangs: `new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))`,
    fails: `Promise.reject(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND github.com') }))`,
  }[fetch];
  const network = join(temporary.path, 'network.mjs');
  await writeFile(network, `globalThis.fetch = (url, { signal }) => ${outcome};`);
  return {
    PATH: `${bin}:/usr/bin:/bin`,
    NATS_SERVER_BIN: '',
    XDG_CACHE_HOME: join(temporary.path, 'cache'),
    NODE_OPTIONS: `--import=${network}`,
  };
}

describe('the first start on a machine without a nats-server', () => {
  it('reports its attempts, why they failed, and what to do', async () => {
    const env = await machine('fails', 'echo "go: no network" >&2; exit 1');
    const { code, stdout, stderr } = await product.run(['start'], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      'There is no nats-server 2.12.1 or later on this machine.',
      expect.stringMatching(/^Downloading https:\/\/github\.com\/nats-io\/nats-server\/releases\/\S+ …$/),
      'The download failed: getaddrinfo ENOTFOUND github.com',
      expect.stringMatching(/^Building it with Go, which takes a minute or two \(go install \S+\) …$/),
      'The build failed: go: no network',
      'opensync: There is no nats-server 2.12.1 or later; the download failed: getaddrinfo ENOTFOUND github.com; the build failed: go: no network',
      'Install it, then start again:',
      expect.anything(),
      expect.stringMatching(/^ {2}or: go install github\.com\/nats-io\/nats-server\/v2@v[\d.]+ /),
      'Or set NATS_SERVER_BIN to the program, or NATS_URL to a running server with JetStream.',
      '',
    ]);
  });

  it('stops at once during the download', async () => {
    const { child, finished, text } = product.launch(['start'], await machine('hangs'));
    await waitFor(() => text.stderr.includes('Downloading '), { what: 'the download' });
    const askedAt = performance.now();
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ code: 0, stdout: 'Stopping …\nStopped.\n' });
    expect(performance.now() - askedAt).toBeLessThan(AT_ONCE_MS);
  });

  it('stops at once during the build, with the compilers that it started', async () => {
    const pidFile = join(temporary.path, 'pid');
    const go = `sleep 600 & echo $! >${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait`;
    const { child, finished } = product.launch(['start'], await machine('fails', go));
    await waitFor(() => existsSync(pidFile), { what: 'the build' });
    const compiler = Number(await readFile(pidFile, 'utf8'));
    const askedAt = performance.now();
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ code: 0 });
    expect(performance.now() - askedAt).toBeLessThan(AT_ONCE_MS);
    await waitFor(() => !isAlive(compiler), { what: 'the end of the compiler' });
  });
});
