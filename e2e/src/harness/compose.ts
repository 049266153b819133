import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitFor } from '@opensync/testkit';
import { z } from 'zod';
import { inboxPrefixOf } from '@opensync/event-log/permissions';
import { Api } from './api.ts';
import { Keys } from './command.ts';
import { readStatus, type Status } from './status.ts';
import type { Ending, Target } from './target.ts';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 120_000;
const HEALTHY_WITHIN_S = 110;
/** Less than the limits of tests, so that what did not answer is named. */
const COMMAND_WITHIN_MS = 280_000;

/** What is ours in docker-compose.yml, in the order in which requests meet it. */
const SERVICES = ['edge', 'ingest', 'query', 'projector', 'embedder', 'keeper', 'wrapped'] as const;

const stateSchema = z.tuple([
  z.object({
    Id: z.string(),
    Image: z.string(),
    State: z.object({ Pid: z.number(), Running: z.boolean(), ExitCode: z.number() }),
    Config: z.object({ Labels: z.record(z.string(), z.string()) }),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string() })) }),
  }),
]);
export type Container = z.infer<typeof stateSchema>[0];

/** `docker compose …` on the project of the tests' environment; resolves with its output. */
export function compose(...args: string[]): Promise<string> {
  // Jest gives tests an environment of their own: what they set in it would not reach the command by itself.
  return composeIn(process.env, args);
}

/** `docker compose …` on the project that `env` names. @throws an error with `code` and `stdout` if it fails */
export async function composeIn(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  stdin: Uint8Array = new Uint8Array(),
): Promise<string> {
  const limits = { maxBuffer: 64 * 1024 * 1024, timeout: COMMAND_WITHIN_MS };
  const running = run('docker', ['compose', ...args], { cwd: REPOSITORY, env, ...limits });
  // A command that has failed reads no more; its exit code says so.
  running.child.stdin!.on('error', () => undefined).end(stdin);
  return (await running).stdout;
}

/** `docker …`; resolves with its output. */
export async function docker(args: readonly string[], stdin: Uint8Array = new Uint8Array()): Promise<string> {
  const running = run('docker', [...args], { maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin!.on('error', () => undefined).end(stdin);
  return (await running).stdout;
}

/** The only container of that service, running or not. */
export function containerOf(service: string): Promise<Container> {
  return containerIn(process.env, service);
}

async function stateOfAll(): Promise<string> {
  const states = await compose('ps', '--all', '--format', '{{.Service}}: {{.Status}}');
  const unwell = states.split('\n').filter((line) => line && !/\(healthy\)|Exited \(0\)/.test(line));
  const services = unwell.map((line) => line.slice(0, line.indexOf(':')));
  const logs = services.length > 0 ? await compose('logs', '--no-color', '--tail', '10', ...services) : '';
  return `${states}${logs}`;
}

async function containerIn(env: NodeJS.ProcessEnv, service: string): Promise<Container> {
  const id = (await composeIn(env, ['ps', '--all', '--quiet', service])).trim();
  const { stdout } = await run('docker', ['inspect', id]);
  return stateSchema.parse(JSON.parse(stdout))[0];
}

/** Where its event log answers, from this machine. */
export async function natsAddressOf(env = process.env): Promise<string> {
  const { Networks } = (await containerIn(env, 'nats')).NetworkSettings;
  return `${Object.values(Networks)[0]!.IPAddress}:4222`;
}

/** How an operator connects to its event log, from this machine. */
export async function logOf(env = process.env): Promise<{ servers: string; token: undefined; inboxPrefix: string }> {
  const run = ['run', '--rm', '--no-deps', '-T', '--entrypoint', 'cat', 'cli', '/run/opensync/NATS_URL'];
  const servers = (await composeIn(env, run)).replace('nats:4222', await natsAddressOf(env));
  return { servers, token: undefined, inboxPrefix: inboxPrefixOf('cli') };
}

/**
 * The installation of docker-compose.yml, started by deploy/compose-test.sh and shared by all spec files: each has
 * its own workspace in it. The Docker engine must be on this machine.
 */
export class ComposeTarget implements Target {
  readonly url: string;
  readonly isShared = true;
  readonly #workspace = `e2e-${randomUUID()}`;
  readonly #keys = new Keys((...args) => this.command(...args));

  constructor(url: string) {
    this.url = url;
  }

  async api(email: string, workspace?: string): Promise<Api> {
    const owner = ['--user', email, '--workspace', workspace ? `${this.#workspace}-${workspace}` : this.#workspace];
    return new Api(this.url, await this.#keys.create(...owner));
  }

  async revoke(api: Api): Promise<void> {
    await this.#keys.revoke(api.key);
    await waitFor(async () => (await api.request('/api/stats')).status === 401, { what: 'the end of the key' });
    await waitFor(async () => (await api.request('/sync/sessions/list')).status === 401, {
      what: 'the end of the key',
    });
  }

  /** The command line in its container. */
  command(...args: string[]): Promise<string> {
    // Its dependencies run: `secrets` would run again first.
    return compose('run', '--rm', '--no-deps', '-T', 'cli', ...args);
  }

  async status(): Promise<Status> {
    return readStatus(await this.command('status', '--json'));
  }

  log(): ReturnType<typeof logOf> {
    return logOf();
  }

  async kill(): Promise<void> {
    await compose('kill', ...SERVICES, 'nats');
  }

  /** All at once, as when the machine boots, without waiting for health. */
  async start(): Promise<void> {
    const ids = (await compose('ps', '--all', '--quiet', 'nats', ...SERVICES)).trim().split('\n');
    await run('docker', ['start', ...ids]);
    await waitFor(async () => (await fetch(`${this.url}/readyz`)).ok, {
      timeoutMs: START_TIMEOUT_MS,
      intervalMs: 50,
      what: 'the start of all containers',
    });
  }

  /**
   * Updates everything to the compose file and these arguments; resolves when all is healthy.
   * @throws with the state of each container, and what those wrote last that are not well
   */
  async up(...args: string[]): Promise<void> {
    const wait = ['--wait', '--wait-timeout', String(HEALTHY_WITHIN_S)];
    try {
      await compose('up', '--detach', ...wait, '--no-build', ...args);
    } catch (error) {
      throw new Error(`not all healthy within ${HEALTHY_WITHIN_S} s\n${await stateOfAll()}`, { cause: error });
    }
  }

  async killLog(): Promise<void> {
    const before = (await containerOf('nats')).State.Pid;
    const { Image } = await containerOf('ingest');
    // From among the machine's processes, behind the engine's back: so that its restart policy brings the server back.
    const kill = ['--entrypoint', 'sh', Image, '-c', `kill -KILL ${before}`];
    await run('docker', ['run', '--rm', '--pid', 'host', '--user', '0', ...kill]);
    await waitFor(
      async () => {
        const { Running, Pid } = (await containerOf('nats')).State;
        return Running && Pid !== before && (await fetch(`${this.url}/readyz`)).ok;
      },
      { timeoutMs: START_TIMEOUT_MS, intervalMs: 100, what: 'the return of nats-server' },
    );
  }

  async interrupt(): Promise<Ending> {
    const startedAt = performance.now();
    await compose('stop', ...SERVICES);
    const tookMs = performance.now() - startedAt;
    const ended = await Promise.all(SERVICES.map(containerOf));
    return {
      code: ended.find(({ State }) => State.ExitCode !== 0)?.State.ExitCode ?? 0,
      tookMs,
      leftBehind: SERVICES.filter((_, index) => ended[index]!.State.Running),
    };
  }

  /** Its data goes with the installation. */
  async stop(): Promise<void> {}
}

/** The installation of this test run, serving. */
export async function attachToCompose(): Promise<ComposeTarget> {
  const url = process.env.OPENSYNC_E2E_URL;
  if (!url) throw new Error('OPENSYNC_E2E_URL is not set: run deploy/compose-test.sh');
  const target = new ComposeTarget(url);
  await target.up();
  return target;
}
