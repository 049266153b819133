import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { NatsConnectionImpl } from '@nats-io/transport-node';
import { startTestNats } from '@opensync/testkit';
import { connectLog } from './connection.ts';

const user = { name: 'ada', password: '4:right/@,%' };
const loginAs = (url: string, password: string) => url.replace('//', `//${user.name}:${encodeURIComponent(password)}@`);

describe('connectLog', () => {
  it('connects to the one of several servers that answers', async () => {
    await using up = await startTestNats();
    await using down = await startTestNats();
    await down.kill();
    for (const servers of [`${down.url},${up.url}`, `${up.url}, 127.0.0.1:${down.port}`]) {
      const nc = await connectLog({ servers, name: 'test' });
      expect(nc.getServer()).toBe(`127.0.0.1:${up.port}`);
      await nc.close();
    }
  });

  it('logs in as the user of the URL, at each of its servers', async () => {
    await using server = await startTestNats({ user });
    for (const servers of [
      loginAs(server.url, user.password),
      `${loginAs('nats://127.0.0.1:1', user.password)},${server.url}`,
    ]) {
      const nc = await connectLog({ servers, name: 'test' });
      await nc.flush();
      await nc.close();
    }
  });

  it('logs in with the token of the URL', async () => {
    await using server = await startTestNats({ token: 'right' });
    const nc = await connectLog({ servers: server.url.replace('//', '//right@'), name: 'test' });
    await nc.flush();
    await nc.close();
  });

  it('names the setting whose credentials are rejected, but not the credentials', async () => {
    await using server = await startTestNats({ user });
    await expect(connectLog({ servers: loginAs(server.url, 'hush'), name: 'test' })).rejects.toMatchObject({
      name: 'ConfigError',
      message: `NATS_URL: the server at ${server.url} refuses the user and password in it; use the user and password from the server's authorization block`,
    });
    await expect(connectLog({ servers: server.url.replace('//', '//hush@'), name: 'test' })).rejects.toThrow(
      `NATS_URL: the server at ${server.url} refuses the token in it; use the token from the server's authorization block`,
    );
    await expect(connectLog({ servers: server.url, token: 'hush', name: 'test' })).rejects.toThrow(
      `NATS_TOKEN: the server at ${server.url} refuses it; use the token from the server's authorization block`,
    );
    await expect(connectLog({ servers: server.url, name: 'test' })).rejects.toThrow(
      /^NATS_TOKEN: the server at \S+ asks for a token; use the token from [^\n]* or, if it has users, set NATS_URL=nats:\/\/user:password@/,
    );
  });

  it('rejects settings that name several logins', async () => {
    const servers = 'nats://ada:hush@127.0.0.1:1';
    await expect(connectLog({ servers, token: 'hush', name: 'test' })).rejects.toThrow(
      /^NATS_TOKEN: NATS_URL already has a user; set only one of them$/,
    );
    await expect(connectLog({ servers: `${servers},nats://bob:hush@127.0.0.1:1`, name: 'test' })).rejects.toThrow(
      /^NATS_URL: has several users; set one user for all servers, at the first of them$/,
    );
  });

  it('says what to do if a server does not answer, without credentials', async () => {
    await using server = await startTestNats();
    await server.kill();
    const options = { servers: loginAs(server.url, 'hush@'), name: 'test', firstConnectMs: 100 };
    await expect(connectLog(options)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining(`NATS_URL: cannot connect to ${server.url} (connection refused); is it running`),
    });
  });

  it('closes without an error that nobody handles, if its server has just gone away', async () => {
    const server = createServer((client) => {
      client.write('INFO {"server_id":"test","version":"2.12.0","proto":1,"max_payload":1048576,"headers":true}\r\n');
      client.on('data', (data) => {
        if (data.includes('PING')) client.write('PONG\r\n');
        if (data.includes('PUB last')) client.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const nc = await connectLog({ servers: `127.0.0.1:${(server.address() as AddressInfo).port}`, name: 'test' });
    const { socket } = (nc as unknown as NatsConnectionImpl).protocol.transport as unknown as { socket: Socket };
    const closed = new Promise((resolve) => {
      const end = socket.end.bind(socket);
      // What is published now is written after the end, and the connection closes before the socket can say so.
      socket.end = () => {
        end();
        nc.publish('late');
        queueMicrotask(() => resolve(nc.close()));
        return socket;
      };
    });
    nc.publish('last');
    await closed;
    // By now the socket has reported it; Jest fails a test whose process has an error that nobody handles.
    await new Promise((resolve) => server.close(resolve));
    expect(nc.isClosed()).toBe(true);
  });

  it('sends nothing unencrypted to a tls:// server', async () => {
    await using server = await startTestNats();
    const servers = server.url.replace('nats:', 'tls:');
    await expect(connectLog({ servers, name: 'test', firstConnectMs: 100 })).rejects.toThrow(/does not support 'tls'/);
  });
});
