import { createConnection } from 'node:net';
import { once } from 'node:events';
import { describeWith, serverFor, stopServers } from './store-servers.ts';

describe('serverFor', () => {
  it('takes the server that the variable names', async () => {
    const before = process.env.TEST_QDRANT_URL;
    process.env.TEST_QDRANT_URL = 'http://somewhere:1';
    try {
      expect(await serverFor('qdrant')).toBe('http://somewhere:1');
    } finally {
      if (before === undefined) delete process.env.TEST_QDRANT_URL;
      else process.env.TEST_QDRANT_URL = before;
    }
  });
});

// As if no server were running yet: this test is about the container.
delete process.env.TEST_MONGODB_URL;
await describeWith(['mongodb'], 'describeWith', ({ mongodb }) => {
  const reach = async () => {
    const { hostname, port } = new URL(mongodb);
    const socket = createConnection(Number(port), hostname);
    try {
      await once(socket, 'connect');
    } finally {
      socket.destroy();
    }
  };

  it('gives its suite a server that listens, and stops it at the end', async () => {
    await reach();
    expect(await serverFor('mongodb')).toBe(mongodb);
    await stopServers();
    await expect(reach()).rejects.toThrow('ECONNREFUSED');
  });
});
