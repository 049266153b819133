import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { downloadRelease, GO_MODULE, goInstall, MINIMUM_VERSION, releaseArchive } from './release.ts';
import { isAtLeast, programVersion } from './version.ts';

/** There is no usable nats-server, or it does not start. The message is for people and says what to do. */
export class NatsServerError extends Error {
  override readonly name = 'NatsServerError';
}

export interface EnsureOptions {
  /** A program that was named by configuration: it is used or refused, never replaced by another. */
  readonly bin?: string | undefined;
  /** Where a program that we fetched stays; per user, after the XDG base directory specification. */
  readonly cacheDir?: string;
  /** Folders to look in, as in the environment variable PATH. */
  readonly path?: string;
  /** Told what takes time and what was passed over, a line each. */
  readonly report?: (line: string) => void;
  /** Ways to get a program that is nowhere, in order. */
  readonly sources?: readonly ProgramSource[];
  /** Ends a fetch that is under way. */
  readonly signal?: AbortSignal;
}

export interface ProgramSource {
  /** For people, e.g. `the release archive`. */
  readonly name: string;
  /** Puts the program at `target` or throws, soon after the signal too. */
  readonly fetch: (target: string, signal?: AbortSignal) => Promise<void>;
}

/** The pinned release archive where one is pinned for this platform, then `go install`. */
function defaultSources(): ProgramSource[] {
  const archive = releaseArchive();
  const viaGo: ProgramSource = { name: `go install ${GO_MODULE}`, fetch: goInstall };
  if (!archive) return [viaGo];
  return [{ name: archive.url, fetch: (target, signal) => downloadRelease(archive, target, signal) }, viaGo];
}

/**
 * Path of a nats-server of at least {@link MINIMUM_VERSION}: the configured one, else PATH, else the cache, else
 * fetched into the cache.
 * @throws NatsServerError with the commands for this platform when there is none to be had; the signal's reason
 */
export async function ensureNatsServer(options: EnsureOptions = {}): Promise<string> {
  const report = options.report ?? (() => undefined);
  if (process.platform === 'win32') {
    throw new NatsServerError('The embedded nats-server needs Linux or macOS (or WSL); set NATS_URL to a NATS server.');
  }
  if (options.bin) {
    const bin = resolve(options.bin);
    const problem = await problemOf(bin);
    if (problem) throw new NatsServerError(`NATS_SERVER_BIN: ${problem}`);
    return bin;
  }
  for (const bin of await onPath(options.path ?? process.env.PATH ?? '')) {
    const problem = await problemOf(bin);
    if (!problem) return bin;
    report(`passed over: ${problem}`);
  }
  const cached = join(options.cacheDir ?? defaultCacheDir(), 'nats-server');
  if (!(await problemOf(cached))) return cached;

  const failures: string[] = [];
  for (const source of options.sources ?? defaultSources()) {
    report(`no nats-server ${MINIMUM_VERSION} or later here; getting it: ${source.name}`);
    const problem = await source.fetch(cached, options.signal).then(
      () => problemOf(cached),
      (error: unknown) => reasonOf(error),
    );
    options.signal?.throwIfAborted();
    if (!problem) return cached;
    failures.push(`  ${source.name}: ${problem}`);
  }
  throw new NatsServerError(
    [
      `There is no nats-server ${MINIMUM_VERSION} or later, and it could not be fetched:`,
      ...failures,
      ...instructions(),
    ].join('\n'),
  );
}

function instructions(): string[] {
  return [
    'Install it, then start again:',
    process.platform === 'darwin'
      ? '  brew install nats-server'
      : '  https://github.com/nats-io/nats-server/releases (unpack it into a folder on PATH)',
    `  or: go install ${GO_MODULE}  (and add Go's bin folder to PATH)`,
    'Or set NATS_SERVER_BIN to the program, or NATS_URL to a running server with JetStream.',
  ];
}

function defaultCacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'opensync', 'nats-server');
}

async function problemOf(bin: string): Promise<string | undefined> {
  const found = await programVersion(bin);
  if ('problem' in found) return found.problem;
  if (isAtLeast(found.version, MINIMUM_VERSION)) return undefined;
  return `${bin} is version ${found.version}, ${MINIMUM_VERSION} or later is needed`;
}

/** Every executable `nats-server` on PATH: an old one from a distribution may hide a newer one behind it. */
async function onPath(path: string): Promise<string[]> {
  const candidates = path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => resolve(folder, 'nats-server'));
  const executable = await Promise.all(
    candidates.map((bin) =>
      access(bin, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return candidates.filter((_, index) => executable[index]);
}

/** The innermost message: `fetch failed` alone says nothing, its cause does. One line. */
function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const { code } = inner as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'not installed';
  const stderr = (inner as { stderr?: string }).stderr?.trim().split('\n').at(-1);
  return stderr || (inner instanceof Error ? (inner.message.split('\n')[0] ?? '') : String(inner));
}
