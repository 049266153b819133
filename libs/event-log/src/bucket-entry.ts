import { jetstreamManager } from '@nats-io/jetstream';
import { isCopied } from './bucket-watch.ts';
import type { LogConnection } from './connection.ts';

/** The last value of a key. */
export interface StoredEntry {
  readonly revision: number;
  /** Undefined if it was removed, is no JSON, or was copied there by nats-server: see {@link isCopied}. */
  readonly value: unknown;
}

/**
 * The entry of a bucket, from its leader; undefined if there was never one. The client's own `get` does not show the headers, by which
 * an answer of nats-server that somebody had stored there is recognized.
 * @throws Error of the client
 */
export async function readEntry(nc: LogConnection, bucket: string, key: string): Promise<StoredEntry | undefined> {
  const { streams } = await jetstreamManager(nc, { checkAPI: false });
  const message = await streams.getMessage(`KV_${bucket}`, { last_by_subj: `$KV.${bucket}.${key}` });
  if (!message) return undefined;
  const header = (name: string) => message.header?.get(name) || undefined;
  const isValue = header('KV-Operation') === undefined && header('Nats-Marker-Reason') === undefined;
  return { revision: message.seq, value: isValue && !isCopied(header) ? parsed(message.string()) : undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
