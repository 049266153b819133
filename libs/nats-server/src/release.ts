import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installThrough, type FetchContext } from './install-through.ts';

const run = promisify(execFile);

/** Older servers lack atomic batches (`allow_atomic`), which writes need, or do not support `Nats-Msg-Id` in them. */
export const MINIMUM_VERSION = '2.12.1';

/**
 * The release archives that may be downloaded, by `process.platform` and `process.arch`. The Linux checksums are
 * those that the NATS project publishes in its own image builds (nats-io/nats-docker, 2.15.x/alpine3.22); the one for
 * macOS is from the release's SHA256SUMS. A platform without a confirmed checksum is not in the list: it builds the
 * server from source instead of running an unverified program. The README names the platforms.
 */
/** The version that is downloaded where none is installed. */
export const RELEASE_VERSION = '2.15.0';
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

/** The pinned archive for a platform such as `linux-x64`, or undefined if none is pinned. */
export function releaseArchive(platform = `${process.platform}-${process.arch}`): ReleaseArchive | undefined {
  const release = RELEASE_SHA256[platform];
  if (!release) return undefined;
  const { file, sha256 } = release;
  return {
    url: `https://github.com/nats-io/nats-server/releases/download/v${RELEASE_VERSION}/nats-server-v${RELEASE_VERSION}-${file}.tar.gz`,
    sha256,
  };
}

/** A download without any data for this long has failed. */
const STALLED_MS = 30_000;
const REPORT_EVERY_MS = 3000;

/**
 * Downloads a release archive, verifies it and stores its program at `target`. Nothing is unpacked before the
 * checksum matches, and an interrupted download leaves no program behind.
 * @throws Error on a network failure, an HTTP error, a wrong checksum or an archive without the program
 */
export async function downloadRelease(
  { url, sha256 }: ReleaseArchive,
  target: string,
  { signal, report, stalledMs = STALLED_MS }: FetchContext & { readonly stalledMs?: number } = {},
): Promise<void> {
  const archive = await download(url, { signal, report, stalledMs });
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== sha256) throw new Error(`the checksum is ${actual}, not the pinned ${sha256}`);
  await installThrough(target, async (folder) => {
    const file = join(folder, 'archive.tar.gz');
    await writeFile(file, archive);
    await run('tar', ['-xzf', file, '-C', folder, '--strip-components=1']);
  });
}

async function download(
  url: string,
  { signal, report, stalledMs }: FetchContext & { readonly stalledMs: number },
): Promise<Buffer> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`no data for ${stalledMs / 1000} s`)), stalledMs);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([stalled.signal, ...(signal ? [signal] : [])]) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const total = Number(response.headers.get('content-length'));
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let reportedAt = performance.now();
    for await (const chunk of response.body!) {
      timer.refresh();
      chunks.push(chunk);
      bytes += chunk.length;
      if (performance.now() - reportedAt < REPORT_EVERY_MS) continue;
      reportedAt = performance.now();
      report?.(`  ${megabytes(bytes)}${total > 0 ? ` of ${megabytes(total)}` : ''} MB`);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
