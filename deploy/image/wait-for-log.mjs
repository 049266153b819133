// Ends when one of the servers of NATS_URL accepts connections. A service gives up after some seconds, because a wrong address is
// the likely reason where people start it; on Kubernetes, NATS merely starts at the same time.
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const FIRST_LINE_AFTER_MS = 10_000;
const file = join(process.env.OPENSYNC_SECRETS_DIR ?? '/run/opensync', 'NATS_URL');

function servers() {
  const list = process.env.NATS_URL || (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  return list
    .split(',')
    .filter(Boolean)
    .map((server) => {
      const { hostname, port } = new URL(server.includes('://') ? server : `nats://${server}`);
      return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 4222) };
    });
}

/** @returns {Promise<boolean>} */
function accepts({ host, port }) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 });
    const end = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

const startedAt = Date.now();
let isReported = false;
for (;;) {
  const found = servers();
  if ((await Promise.all(found.map(accepts))).some(Boolean)) break;
  if (!isReported && Date.now() - startedAt > FIRST_LINE_AFTER_MS) {
    isReported = true;
    const where = found.map(({ host, port }) => `${host}:${port}`).join(', ');
    console.error(found.length === 0 ? 'NATS_URL is not set; waiting for it' : `waiting for NATS at ${where}`);
  }
  await delay(250);
}
