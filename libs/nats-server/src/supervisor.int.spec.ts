import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureNatsServer } from './ensure.ts';
import { startNatsServer, type NatsServerHandle, type StartOptions } from './supervisor.ts';

let bin: string;
let folder: string;
const running: NatsServerHandle[] = [];

beforeAll(async () => {
  bin = await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opensync-nats-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

function options(): StartOptions {
  return {
    bin,
    storeDir: join(folder, 'nats'),
    port: 0,
    sync: 'interval',
    token: 'secret',
    logFile: join(folder, 'nats.log'),
  };
}

async function start(more: Partial<StartOptions> = {}): Promise<NatsServerHandle> {
  const server = await startNatsServer({ ...options(), ...more });
  running.push(server);
  return server;
}

async function eventually<T>(read: () => Promise<T> | T, accept: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)}`);
    await delay(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The server's answer to a client with this token: `PONG`, or `-ERR …`; or why there is no answer. */
async function greet(port: number, token: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    socket.write(`CONNECT {"auth_token":"${token}","verbose":false}\r\nPING\r\n`);
    for await (const line of createInterface({ input: socket })) if (!line.startsWith('INFO')) return line;
    return '';
  } catch (error) {
    return (error as Error).message; // a server writes its pid file before it listens
  } finally {
    socket.destroy();
  }
}

describe('startNatsServer', () => {
  it('accepts clients with the token, and no others', async () => {
    const server = await start();
    expect(await greet(server.port, 'secret')).toBe('PONG');
    expect(await greet(server.port, 'guess')).toMatch(/Authorization Violation/);
    const { mode } = await stat(join(folder, 'nats', 'nats-server.conf'));
    expect(mode & 0o077).toBe(0);
  });

  it('does not pass on the secrets in the environment of this process', async () => {
    process.env.OPENAI_API_KEY = 'sk-of-somebody';
    try {
      const server = await start();
      const pid = (await server.pid())!;
      // Linux shows the environment that a program began with; `ps` shows it elsewhere.
      const shown = spawnSync('sh', ['-c', `cat /proc/${pid}/environ 2>/dev/null || ps eww -o command= -p ${pid}`]);
      expect(shown.stdout.toString()).toMatch(/PATH=/);
      expect(shown.stdout.toString()).not.toContain('sk-of-somebody');
    } finally {
      delete process.env.OPENAI_API_KEY;
    }
  });

  it('restarts a killed server on the same port', async () => {
    const exits: string[] = [];
    const server = await start({ onExit: ({ reason }) => exits.push(reason) });
    const first = (await server.pid())!;
    process.kill(first, 'SIGKILL');
    const second = await eventually(
      () => server.pid(),
      (pid) => pid !== undefined && pid !== first,
    );
    await eventually(
      () => greet(server.port, 'secret'),
      (answer) => answer === 'PONG',
    );
    expect(second).not.toBe(first);
    expect(exits).toHaveLength(1);
  });

  it('stops gracefully, permanently', async () => {
    const server = await start();
    const pid = (await server.pid())!;
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(pid)).toBe(false);
    expect(await readFile(join(folder, 'nats.log'), 'utf8')).toMatch(/Server Exiting/);
  });

  it('kills a server that does not stop on request', async () => {
    const server = await start();
    const pid = (await server.pid())!;
    process.kill(pid, 'SIGSTOP');
    await server.stop(200);
    await eventually(
      () => isAlive(pid),
      (alive) => !alive,
    );
  });

  it('dies with its parent, even when that is killed with -9', async () => {
    const module = new URL('./supervisor.ts', import.meta.url).href;
    const script = `
      const { startNatsServer } = await import(${JSON.stringify(module)});
      const server = await startNatsServer(${JSON.stringify(options())});
      console.log(String(await server.pid()));
      setInterval(() => undefined, 1000);`;
    const parent = spawn(
      process.execPath,
      ['--conditions=opensync-source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    parent.kill('SIGKILL');
    const orphan = Number(line);
    expect(orphan).toBeGreaterThan(1);
    await eventually(
      () => isAlive(orphan),
      (alive) => !alive,
    );
  });

  it('ends a server that was left on the same store before it starts another', async () => {
    await (await start()).stop();
    const left = spawn(bin, ['--config', join(folder, 'nats', 'nats-server.conf')], { stdio: 'ignore' });
    const leftEnded = once(left, 'exit');
    await eventually(
      () => readFile(join(folder, 'nats', 'nats-server.pid'), 'utf8').catch(() => ''),
      (pid) => pid.trim() === String(left.pid),
    );
    const server = await start();
    await leftEnded;
    expect(await greet(server.port, 'secret')).toBe('PONG');
  });

  it('rejects a port that is in use, naming its setting', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    try {
      await expect(start({ port })).rejects.toThrow(`NATS_PORT: port ${port} on 127.0.0.1 is already in use`);
    } finally {
      squatter.close();
    }
  });

  it('says why a server does not start, and leaves nothing running', async () => {
    await expect(start({ logFile: join(folder, 'no', 'such', 'folder', 'nats.log') })).rejects.toThrow(
      /nats-server exited: exit code 1/,
    );
  });
});
