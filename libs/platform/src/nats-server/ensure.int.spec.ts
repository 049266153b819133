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

/** A program that says it is nats-server of this version. */
async function program(path: string, version: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

const nowhere = () => ({ path: '', cacheDir: join(folder, 'cache'), sources: [] });

describe('ensureNatsServer', () => {
  it('uses the configured program, and refuses it when it is too old rather than looking elsewhere', async () => {
    const recent = await program(join(folder, 'recent'), '2.15.2');
    expect(await ensureNatsServer({ ...nowhere(), bin: recent })).toBe(recent);

    const old = await program(join(folder, 'old'), '2.9.10');
    await program(join(folder, 'path/nats-server'), '2.15.2');
    await expect(ensureNatsServer({ ...nowhere(), bin: old, path: join(folder, 'path') })).rejects.toThrow(
      /^NATS_SERVER_BIN: .*old is version 2\.9\.10, 2\.12\.1 or later is needed/,
    );
    await expect(ensureNatsServer({ ...nowhere(), bin: join(folder, 'absent') })).rejects.toThrow(/is not there/);
  });

  it('passes over an old one on PATH, says so, and takes the next', async () => {
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

  it('fetches into the cache when there is none, and takes it from there the next time', async () => {
    let fetched = 0;
    const options = {
      ...nowhere(),
      sources: [
        { name: 'one that fails', fetch: () => Promise.reject(new Error('HTTP 404')) },
        {
          name: 'one that works',
          fetch: async (target: string) => {
            fetched += 1;
            await program(target, '2.15.0');
          },
        },
      ],
    };
    const first = await ensureNatsServer(options);
    expect(first).toBe(join(folder, 'cache', 'nats-server'));
    expect(await ensureNatsServer(options)).toBe(first);
    expect(fetched).toBe(1);
  });

  it('gives up a fetch when it is told to, and tries no other way', async () => {
    const stop = new AbortController();
    const tried: string[] = [];
    const waiting = {
      name: 'a slow one',
      fetch: async (_target: string, signal?: AbortSignal) => {
        tried.push('a slow one');
        stop.abort(new Error('not needed any more'));
        signal!.throwIfAborted();
      },
    };
    const another = { name: 'another', fetch: async () => void tried.push('another') };
    const fetched = ensureNatsServer({ ...nowhere(), sources: [waiting, another], signal: stop.signal });
    await expect(fetched).rejects.toThrow('not needed any more');
    expect(tried).toEqual(['a slow one']);
  });

  it('says what was tried and how to install it when it cannot be had', async () => {
    const sources = [{ name: 'the only way', fetch: () => Promise.reject(new Error('HTTP 503')) }];
    await expect(ensureNatsServer({ ...nowhere(), sources })).rejects.toThrow(
      /the only way: HTTP 503[\s\S]*go install github\.com[\s\S]*NATS_URL/,
    );
  });
});

describe('downloadRelease', () => {
  /** Serves a tar.gz as the releases are made: one folder with the program in it. */
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

  it('installs what has the pinned checksum', async () => {
    await withRelease(async (url, sha256) => {
      const target = join(folder, 'cache', 'nats-server');
      await downloadRelease({ url, sha256 }, target);
      expect(execFileSync(target, ['--version'], { encoding: 'utf8' })).toContain('9.9.9');
      expect(await readdir(join(folder, 'cache'))).toEqual(['nats-server']);
    });
  });

  it('stops at once when it is told to, and leaves nothing', async () => {
    await withRelease(async (url, sha256) => {
      const target = join(folder, 'cache', 'nats-server');
      const stopped = AbortSignal.abort(new Error('stopped'));
      await expect(downloadRelease({ url, sha256 }, target, stopped)).rejects.toThrow('stopped');
      await expect(readdir(join(folder, 'cache'))).rejects.toThrow(/ENOENT/);
    });
  });

  it('installs nothing that has another', async () => {
    await withRelease(async (url) => {
      const target = join(folder, 'cache', 'nats-server');
      await expect(downloadRelease({ url, sha256: '0'.repeat(64) }, target)).rejects.toThrow(/is not the pinned/);
      await expect(readdir(join(folder, 'cache'))).rejects.toThrow(/ENOENT/);
    });
  });

  it('has a pin for the usual platforms and none made up for the rest', () => {
    expect(releaseArchive('linux-x64')?.url).toMatch(/linux-amd64\.tar\.gz$/);
    expect(releaseArchive('linux-arm64')?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(releaseArchive('sunos-x64')).toBeUndefined();
  });
});
