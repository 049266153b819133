import type { NatsConnection } from '@nats-io/transport-node';
import { connectLog, optionsOf } from './connection.ts';

const OPENED = new WeakMap<NatsConnection, Map<string, Promise<NatsConnection>>>();
const FIRST_CONNECT_MS = 2000;

/**
 * A connection beside this one, to the same servers, for what must not delay acks, deliveries and publishes, or take them
 * with it when the server cuts it: megabytes that are read at once. Opened when it is first needed, one for each purpose, and
 * closed with this one.
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
