import type { LogConnection } from './connection.ts';
import { watchStream, type StreamWatch, type WatchedMessage } from './stream-watch.ts';

/** A value of a bucket, now or when it was set. */
export interface BucketEntry {
  readonly key: string;
  readonly operation: 'PUT' | 'DEL' | 'PURGE';
  readonly sequence: number;
  /** From the last of the values on that were there when the watch began: what comes now is new. */
  readonly isUpdate: boolean;
  json<T>(): T;
}

/** Ends when it is stopped, or when the server says nothing more: then values may have been missed. */
export type BucketWatch = StreamWatch<BucketEntry>;

/**
 * Watches the keys of a KV bucket that match: first all last values, then each change.
 * @throws Error if the bucket is not there or does not answer
 */
export async function watchBucket(nc: LogConnection, bucket: string, key = '>'): Promise<BucketWatch> {
  const prefix = `$KV.${bucket}.`;
  const watch = await watchStream(nc, `KV_${bucket}`, `${prefix}${key}`);
  return {
    isEmpty: watch.isEmpty,
    stop: () => watch.stop(),
    async *[Symbol.asyncIterator]() {
      for await (const message of watch) yield entryOf(message, prefix);
    },
  };
}

function entryOf({ subject, sequence, isUpdate, header, body }: WatchedMessage, prefix: string): BucketEntry {
  const operation = header('KV-Operation') ?? (header('Nats-Marker-Reason') === undefined ? 'PUT' : 'DEL');
  return {
    key: subject.slice(prefix.length),
    operation: operation as BucketEntry['operation'],
    sequence,
    isUpdate,
    json: <T>() => JSON.parse(body()) as T,
  };
}
