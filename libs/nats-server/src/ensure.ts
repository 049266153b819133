import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { rootReasonOf } from '@opensync/platform/errors';
import { GO_MODULE, goInstall } from './go-install.ts';
import type { FetchContext } from './install-through.ts';
import { downloadRelease, MINIMUM_VERSION, releaseArchive } from './release.ts';
import { isAtLeast, programVersion } from './version.ts';

/** There is no usable nats-server, or it does not start. The message is for people and says what to do. */
export class NatsServerError extends Error {
  override readonly name = 'NatsServerError';
}

export interface EnsureOptions {
  /** A configured program: it is used or rejected, never replaced by another. */
  readonly bin?: string | undefined;
  /** Where a fetched program is stored; per user, after the XDG base directory specification. */
  readonly cacheDir?: string;
  /** Folders to look in, as in the environment variable PATH. */
  readonly path?: string;
  /** Receives a line for each slow step and for each unusable program. */
  readonly report?: (line: string) => void;
  /** Sources of a program if there is none, in order. */
  readonly sources?: readonly ProgramSource[];
  /** Aborts a fetch in progress. */
  readonly signal?: AbortSignal;
}

export interface ProgramSource {
  /** Its description, as the beginning of a sentence, e.g. `Downloading https://…`. */
  readonly action: string;
  /** The same as a noun, for `… failed`. */
  readonly noun: string;
  /** Stores the program at `target`, or throws; also soon after the signal. */
  readonly fetch: (target: string, context: FetchContext) => Promise<void>;
}

/** The pinned release archive if there is one for this platform, then `go install`. */
function defaultSources(): ProgramSource[] {
  const archive = releaseArchive();
  const viaGo: ProgramSource = {
    action: `Building it with Go, which takes a minute or two (go install ${GO_MODULE})`,
    noun: 'the build',
    fetch: goInstall,
  };
  if (!archive) return [viaGo];
  const viaArchive: ProgramSource = {
    action: `Downloading ${archive.url}`,
    noun: 'the download',
    fetch: (target, context) => downloadRelease(archive, target, context),
  };
  return [viaArchive, viaGo];
}

/**
 * Path of a nats-server of at least {@link MINIMUM_VERSION}: the configured one, otherwise one on PATH, otherwise the
 * cached one, otherwise one that is fetched into the cache.
 * @throws NatsServerError with the commands for this platform if none can be obtained; the signal's reason
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
    report(`Skipped: ${problem}`);
  }
  const cached = join(options.cacheDir ?? defaultCacheDir(), 'nats-server');
  if (!(await problemOf(cached))) return cached;
  return fetched(cached, options.sources ?? defaultSources(), { report, signal: options.signal });
}

/** The program at `target`, from the first source that has a usable one. */
async function fetched(
  target: string,
  sources: readonly ProgramSource[],
  { report, signal }: { report: (line: string) => void; signal: AbortSignal | undefined },
): Promise<string> {
  if (sources.length > 0) report(`There is no nats-server ${MINIMUM_VERSION} or later on this machine.`);
  const failures: string[] = [];
  for (const { action, noun, fetch } of sources) {
    report(`${action} …`);
    const problem = await fetch(target, { signal, report }).then(
      () => problemOf(target),
      (error: unknown) => rootReasonOf(error).split('\n', 1)[0]!,
    );
    signal?.throwIfAborted();
    if (!problem) {
      report(`Installed nats-server in ${target}`);
      return target;
    }
    failures.push(`${noun} failed: ${problem}`);
    report(`${capitalized(noun)} failed: ${problem}`);
  }
  throw new NatsServerError(
    [
      [`There is no nats-server ${MINIMUM_VERSION} or later`, ...failures].join('; '),
      ...instructions(sources.length > 0),
    ].join('\n'),
  );
}

function instructions(wasFetched: boolean): string[] {
  const { env, platform } = process;
  const proxied = (env.HTTPS_PROXY ?? env.https_proxy ?? '') !== '' && env.NODE_USE_ENV_PROXY !== '1';
  return [
    'Install it, then start again:',
    platform === 'darwin'
      ? '  brew install nats-server'
      : '  https://github.com/nats-io/nats-server/releases (unpack it into a folder on PATH)',
    `  or: go install ${GO_MODULE} (with the bin folder of Go on PATH)`,
    'Or set NATS_SERVER_BIN to the program, or NATS_URL to a running server with JetStream.',
    ...(wasFetched && proxied ? ['Downloads go through the proxy of HTTPS_PROXY if NODE_USE_ENV_PROXY=1 is set.'] : []),
  ];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function defaultCacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'opensync', 'nats-server');
}

async function problemOf(bin: string): Promise<string | undefined> {
  const found = await programVersion(bin);
  if ('problem' in found) return found.problem;
  if (isAtLeast(found.version, MINIMUM_VERSION)) return undefined;
  return `${bin} is version ${found.version}; ${MINIMUM_VERSION} or later is required`;
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
