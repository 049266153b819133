import { access } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { startTestNats } from './nats-server.ts';
import { waitFor } from './wait-for.ts';

/** The first line that a NATS server says to a new connection. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
}

describe('startTestNats', () => {
  it('starts a server with JetStream, and restarts it on the same port after a kill', async () => {
    await using server = await startTestNats({ sync: 'always' });
    const { port, pid } = server;
    expect(await greeting(port)).toContain('"jetstream":true');

    await server.kill();
    await expect(greeting(port)).rejects.toThrow('ECONNREFUSED');
    expect(() => server.pid).toThrow('not running');

    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await greeting(port)).toContain('"jetstream":true');
  });

  it('leaves no process behind', async () => {
    const server = await startTestNats({ token: 'secret', jetstream: false });
    const { pid } = server;
    expect(await greeting(server.port)).toContain('"auth_required":true');
    await server.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('waitFor', () => {
  it('returns the value once there is one, and the last error if there never is', async () => {
    let tries = 0;
    expect(await waitFor(() => ++tries === 3 && 'found')).toBe('found');
    await expect(waitFor(() => access('/nowhere-at-all'), { timeoutMs: 30, what: 'the file' })).rejects.toMatchObject({
      message: 'the file did not hold within 30 ms',
      cause: { code: 'ENOENT' },
    });
  });
});
