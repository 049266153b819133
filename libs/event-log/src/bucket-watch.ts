import type { LogConnection } from './connection.ts';
import { watchStream, type StreamWatch, type WatchedMessage, type WatchPeriods } from './stream-watch.ts';

/** A value of a bucket: the current one, or a later change. */
export interface BucketEntry {
  readonly key: string;
  readonly operation: 'PUT' | 'DEL' | 'PURGE';
  readonly sequence: number;
  /** True from the last of the values that existed when the watch began: everything after it is new. */
  readonly isUpdate: boolean;
  /** See {@link isCopied}. */
  readonly isCopied: boolean;
  json<T>(): T;
}

/** Ends when it is stopped, or when the server goes silent: then values may have been missed. */
export type BucketWatch = StreamWatch<BucketEntry>;

/**
 * Watches the matching keys of a KV bucket: first the last value of each, then every change.
 * @throws Error if the bucket does not exist or does not answer
 */
export async function watchBucket(
  nc: LogConnection,
  bucket: string,
  key = '>',
  periods?: WatchPeriods,
): Promise<BucketWatch> {
  const prefix = `$KV.${bucket}.`;
  const watch = await watchStream(nc, `KV_${bucket}`, `${prefix}${key}`, periods);
  return {
    isEmpty: watch.isEmpty,
    stop: () => watch.stop(),
    async *[Symbol.asyncIterator]() {
      for await (const message of watch) yield entryOf(message, prefix);
    },
  };
}

/**
 * Whether a message is an answer of nats-server with the content of another one. nats-server sends answers to any subject
 * that a request names, without checking whether its user may publish to it. So a user who may read some stream
 * directly can have a message of it stored in a bucket that the user cannot write. Such an answer names its stream.
 */
export function isCopied(header: (name: string) => string | undefined): boolean {
  return header('Nats-Stream') !== undefined;
}

function entryOf({ subject, sequence, isUpdate, header, body }: WatchedMessage, prefix: string): BucketEntry {
  const operation = header('KV-Operation') ?? (header('Nats-Marker-Reason') === undefined ? 'PUT' : 'DEL');
  return {
    key: subject.slice(prefix.length),
    operation: operation as BucketEntry['operation'],
    sequence,
    isUpdate,
    isCopied: isCopied(header),
    json: <T>() => JSON.parse(body()) as T,
  };
}
