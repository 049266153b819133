import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNatsServer } from './ensure.ts';
import { downloadRelease, releaseArchive } from './release.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opensync-ensure-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that reports this nats-server version. */
async function program(path: string, version: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

const nowhere = () => ({ path: '', cacheDir: join(folder, 'cache'), sources: [] });

describe('ensureNatsServer', () => {
  it('uses the configured program, and rejects one that is too old instead of looking elsewhere', async () => {
    const recent = await program(join(folder, 'recent'), '2.15.2');
    expect(await ensureNatsServer({ ...nowhere(), bin: recent })).toBe(recent);

    const old = await program(join(folder, 'old'), '2.9.10');
    await program(join(folder, 'path/nats-server'), '2.15.2');
    await expect(ensureNatsServer({ ...nowhere(), bin: old, path: join(folder, 'path') })).rejects.toThrow(
      /^NATS_SERVER_BIN: .*old is version 2\.9\.10; 2\.12\.1 or later is required/,
    );
    await expect(ensureNatsServer({ ...nowhere(), bin: join(folder, 'absent') })).rejects.toThrow(/does not exist/);
  });

  it('skips an old one on PATH, says so, and takes the next', async () => {
    await program(join(folder, 'a/nats-server'), '2.9.10');
    const second = await program(join(folder, 'b/nats-server'), '2.12.1');
    const lines: string[] = [];
    const found = await ensureNatsServer({
      ...nowhere(),
      path: `${join(folder, 'a')}:${join(folder, 'b')}`,
      report: (line) => lines.push(line),
    });
    expect(found).toBe(second);
    expect(lines).toEqual([expect.stringContaining('a/nats-server is version 2.9.10')]);
  });

  it('fetches into the cache if there is none, and uses the cached one the next time', async () => {
    let fetched = 0;
    const lines: string[] = [];
    const options = {
      ...nowhere(),
      report: (line: string) => lines.push(line),
      sources: [
        { action: 'Downloading', noun: 'the download', fetch: () => Promise.reject(new Error('HTTP 404')) },
        {
          action: 'Building',
          noun: 'the build',
          fetch: async (target: string) => {
            fetched += 1;
            await program(target, '2.15.0');
          },
        },
      ],
    };
    const first = await ensureNatsServer(options);
    expect(first).toBe(join(folder, 'cache', 'nats-server'));
    expect(lines).toEqual([
      'There is no nats-server 2.12.1 or later on this machine.',
      'Downloading …',
      'The download failed: HTTP 404',
      'Building …',
      `Installed nats-server in ${first}`,
    ]);
    expect(await ensureNatsServer(options)).toBe(first);
    expect(fetched).toBe(1);
  });

  it('aborts a fetch on request, and tries no other source', async () => {
    const stop = new AbortController();
    const tried: string[] = [];
    const waiting = {
      action: 'Waiting',
      noun: 'a slow one',
      fetch: async (_target: string, { signal }: { signal?: AbortSignal | undefined }) => {
        tried.push('a slow one');
        stop.abort(new Error('not needed any more'));
        signal!.throwIfAborted();
      },
    };
    const another = { action: 'Trying', noun: 'another', fetch: async () => void tried.push('another') };
    const fetched = ensureNatsServer({ ...nowhere(), sources: [waiting, another], signal: stop.signal });
    await expect(fetched).rejects.toThrow('not needed any more');
    expect(tried).toEqual(['a slow one']);
  });

  it('says what was tried and how to install it if no source works', async () => {
    const refused = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 192.0.2.1:443') });
    const sources = [
      { action: 'Downloading', noun: 'the download', fetch: () => Promise.reject(refused) },
      { action: 'Building', noun: 'the build', fetch: () => Promise.reject(new Error('Go is not installed')) },
    ];
    await expect(ensureNatsServer({ ...nowhere(), sources })).rejects.toThrow(
      /^There is no nats-server 2\.12\.1 or later; the download failed: connect ECONNREFUSED 192\.0\.2\.1:443; the build failed: Go is not installed\n[\s\S]*go install github\.com[\s\S]*NATS_URL/,
    );
  });
});

describe('downloadRelease', () => {
  /** Serves a tar.gz like the releases: one folder with the program in it. */
  async function withRelease<T>(run: (url: string, sha256: string) => Promise<T>): Promise<T> {
    await program(join(folder, 'nats-server-v9.9.9-linux/nats-server'), '9.9.9');
    const archive = execFileSync('tar', ['-czf', '-', '-C', folder, 'nats-server-v9.9.9-linux']);
    const server = createServer((_, response) => response.end(archive)).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    try {
      return await run(`http://127.0.0.1:${port}/`, createHash('sha256').update(archive).digest('hex'));
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  }

  it('installs an archive with the pinned checksum', async () => {
    await withRelease(async (url, sha256) => {
      const target = join(folder, 'cache', 'nats-server');
      await downloadRelease({ url, sha256 }, target);
      expect(execFileSync(target, ['--version'], { encoding: 'utf8' })).toContain('9.9.9');
      expect(await readdir(join(folder, 'cache'))).toEqual(['nats-server']);
    });
  });

  it('stops at once when it is aborted, and leaves nothing', async () => {
    await withRelease(async (url, sha256) => {
      const target = join(folder, 'cache', 'nats-server');
      const signal = AbortSignal.abort(new Error('stopped'));
      await expect(downloadRelease({ url, sha256 }, target, { signal })).rejects.toThrow('stopped');
      await expect(readdir(join(folder, 'cache'))).rejects.toThrow(/ENOENT/);
    });
  });

  it('installs no archive with another checksum', async () => {
    await withRelease(async (url) => {
      const target = join(folder, 'cache', 'nats-server');
      await expect(downloadRelease({ url, sha256: '0'.repeat(64) }, target)).rejects.toThrow(/not the pinned/);
      await expect(readdir(join(folder, 'cache'))).rejects.toThrow(/ENOENT/);
    });
  });

  it('aborts a download that stalls, but not a slow one', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/refused') return response.writeHead(404).end();
      response.write('x');
      if (request.url === '/stalls') return undefined;
      const more = setInterval(() => response.write('x'), 20);
      return setTimeout(() => (clearInterval(more), response.end()), 400);
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    const from = (path: string) =>
      downloadRelease({ url: `http://127.0.0.1:${port}/${path}`, sha256: '' }, join(folder, 'n'), { stalledMs: 200 });
    try {
      await expect(from('stalls')).rejects.toThrow('no data for 0.2 s');
      await expect(from('trickles')).rejects.toThrow(/^the checksum is/); // all of it arrived
      await expect(from('refused')).rejects.toThrow('HTTP 404');
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });

  it('has a pin for the usual platforms and none for the rest', () => {
    expect(releaseArchive('linux-x64')?.url).toMatch(/linux-amd64\.tar\.gz$/);
    expect(releaseArchive('linux-arm64')?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(releaseArchive('sunos-x64')).toBeUndefined();
  });
});
