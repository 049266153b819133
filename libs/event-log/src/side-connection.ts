import type { NatsConnection } from '@nats-io/transport-node';
import { connectLog, optionsOf } from './connection.ts';

const OPENED = new WeakMap<NatsConnection, Map<string, Promise<NatsConnection>>>();
const FIRST_CONNECT_MS = 2000;

/**
 * A second connection to the same servers, for bulk reads that must not delay acks, deliveries and publishes, or take
 * them down when the server disconnects it. Opened on first use, one per purpose, and closed with the main one.
 * @throws ConfigError if there is no connection soon
 */
export function sideConnection(nc: NatsConnection, purpose: string): Promise<NatsConnection> {
  const options = optionsOf(nc);
  if (!options) return Promise.resolve(nc);
  let opened = OPENED.get(nc);
  if (!opened) OPENED.set(nc, (opened = new Map()));
  let side = opened.get(purpose);
  if (!side) {
    side = connectLog({ ...options, name: `${options.name} ${purpose}`, firstConnectMs: FIRST_CONNECT_MS });
    opened.set(purpose, side);
    side.then(
      (connection) => nc.closed().then(() => connection.close()),
      () => opened.delete(purpose),
    );
  }
  return side;
}
