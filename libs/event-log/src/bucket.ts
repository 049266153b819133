import { Kvm, type KV } from '@nats-io/kv';
import type { LogConnection } from './connection.ts';

/**
 * Opens a KV bucket whose reads are answered by its leader. A decision depends on each of them (which generation is live, whether
 * a key is valid), and a replica that lags would answer with what was.
 */
export function openBucket(nc: LogConnection, name: string): Promise<KV> {
  return new Kvm(nc).open(name, { allow_direct: false });
}
