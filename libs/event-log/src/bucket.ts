import { Kvm, type KV } from '@nats-io/kv';
import type { LogConnection } from './connection.ts';

/**
 * Opens a KV bucket whose reads its leader answers. Decisions depend on each read (which generation is live, whether
 * a key is valid), and a lagging replica would return an outdated value.
 */
export function openBucket(nc: LogConnection, name: string): Promise<KV> {
  return new Kvm(nc).open(name, { allow_direct: false });
}
