import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureNatsServer, MINIMUM_VERSION } from '@opensync/nats-server';

const BUILD_MS = 600_000;

/** A nats-server that tests run against. */
export interface NatsProgram {
  /** For NATS_SERVER_BIN, and for `startTestNats`. */
  readonly program: () => string;
  /** Whether it is the oldest that is supported: what does not depend on the server's version is tested with one server. */
  readonly isOldest: boolean;
}

/**
 * Runs the suite with the default nats-server and with the oldest supported one. The latter is built once with Go,
 * and skipped if there is no Go.
 */
export function onEachNatsServer(tests: (server: NatsProgram) => void): void {
  describe('with the nats-server of today', () =>
    withProgram(() => ensureNatsServer({ bin: process.env.NATS_SERVER_BIN }), false, tests));
  const orSkipped = existsSync(oldestPath()) || hasGo() ? describe : describe.skip;
  orSkipped(`with nats-server ${MINIMUM_VERSION}, the oldest that is supported`, () =>
    withProgram(oldestNatsServer, true, tests),
  );
}

function withProgram(provide: () => Promise<string>, isOldest: boolean, tests: (server: NatsProgram) => void): void {
  let path: string;
  beforeAll(async () => {
    path = await provide();
  }, BUILD_MS);
  tests({ program: () => path, isOldest });
}

/** Path of the oldest supported nats-server, built with Go if it is missing. @throws if it cannot be built */
export async function oldestNatsServer(): Promise<string> {
  const target = oldestPath();
  if (existsSync(target)) return target;
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}-`);
  try {
    await promisify(execFile)('go', ['install', `github.com/nats-io/nats-server/v2@v${MINIMUM_VERSION}`], {
      env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
      timeout: BUILD_MS,
    });
    // In one step, so that several processes may do this at once.
    await rename(join(folder, 'nats-server'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}

function oldestPath(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'opensync', 'nats-server', `nats-server-${MINIMUM_VERSION}`);
}

export function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
