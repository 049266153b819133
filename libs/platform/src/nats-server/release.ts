import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Older servers lack atomic batches (`allow_atomic`), which writes are made of, or take no `Nats-Msg-Id` in them. */
export const MINIMUM_VERSION = '2.12.1';

/** What `go install` builds; Go verifies it against its public checksum database. */
export const GO_MODULE = 'github.com/nats-io/nats-server/v2@v2.15.2';

/**
 * The release archives that may be downloaded, by `process.platform` and `process.arch`. The Linux checksums are
 * those that the NATS project publishes in its own image builds (nats-io/nats-docker, 2.15.x/alpine3.22); the one
 * for macOS is from the release's SHA256SUMS. A platform without a confirmed checksum is not in the list: it
 * takes the next way in {@link ensureNatsServer} rather than a program that nobody vouches for. The README names them.
 */
const RELEASE_VERSION = '2.15.0';
const RELEASE_SHA256: Readonly<Record<string, { file: string; sha256: string }>> = {
  'linux-x64': {
    file: 'linux-amd64',
    sha256: '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
  },
  'linux-arm64': {
    file: 'linux-arm64',
    sha256: 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
  },
  'darwin-arm64': {
    file: 'darwin-arm64',
    sha256: 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
  },
};

export interface ReleaseArchive {
  readonly url: string;
  readonly sha256: string;
}

/** The pinned archive for a platform such as `linux-x64`, or undefined where none is pinned. */
export function releaseArchive(platform = `${process.platform}-${process.arch}`): ReleaseArchive | undefined {
  const release = RELEASE_SHA256[platform];
  if (!release) return undefined;
  const { file, sha256 } = release;
  return {
    url: `https://github.com/nats-io/nats-server/releases/download/v${RELEASE_VERSION}/nats-server-v${RELEASE_VERSION}-${file}.tar.gz`,
    sha256,
  };
}

/**
 * Downloads a release archive, verifies it and puts its program at `target`; nothing is unpacked before the
 * checksum matched, and an interrupted download leaves no program behind.
 * @throws Error on a network failure, an HTTP error, a wrong checksum or an archive without the program
 */
export async function downloadRelease(
  { url, sha256 }: ReleaseArchive,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  const response = await fetch(url, {
    signal: AbortSignal.any([AbortSignal.timeout(120_000), ...(signal ? [signal] : [])]),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const archive = Buffer.from(await response.arrayBuffer());
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== sha256) throw new Error(`checksum ${actual} is not the pinned ${sha256}`);
  await installThrough(target, async (folder) => {
    const file = join(folder, 'archive.tar.gz');
    await writeFile(file, archive);
    await run('tar', ['-xzf', file, '-C', folder, '--strip-components=1']);
  });
}

/**
 * Builds the pinned module with the `go` on PATH and puts the program at `target`.
 * @throws Error when there is no `go` or it fails
 */
export async function goInstall(target: string, signal?: AbortSignal): Promise<void> {
  await installThrough(target, async (folder) => {
    await run('go', ['install', GO_MODULE], {
      env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
      timeout: 600_000,
      ...(signal && { signal }),
    });
  });
}

/** Lets `fill` make `nats-server` in a temporary folder, then moves it to `target` in one step, so that two processes may do this at once. */
async function installThrough(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}-`);
  try {
    await fill(folder);
    const program = join(folder, 'nats-server');
    await chmod(program, 0o755);
    await rename(program, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
