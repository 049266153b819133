import { connect } from 'node:net';

/** Whether something listens on the port. */
export async function isTaken(port: number): Promise<boolean> {
  return (await greeting(port)) !== undefined;
}

/**
 * Whether the server with this name answers on the port. A NATS server speaks first, and only once JetStream has
 * recovered its streams; the name distinguishes it from another program on the port.
 */
export async function isReady(port: number, serverName: string): Promise<boolean> {
  return ((await greeting(port)) ?? '').includes(`"server_name":"${serverName}"`);
}

/** The first line from the listener on the port, empty if it is silent for a second; undefined: nothing listens. */
function greeting(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let connected = false;
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = () => {
      socket.destroy();
      resolve(connected ? text : undefined);
    };
    socket.setTimeout(1000, finish);
    socket.setEncoding('utf8');
    socket.on('connect', () => (connected = true));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
  });
}
