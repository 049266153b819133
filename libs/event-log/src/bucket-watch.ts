import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { createInbox, nanos, nuid, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Link } from './connection.ts';

/** A value of a bucket, now or when it was set. */
export interface BucketEntry {
  readonly key: string;
  readonly operation: 'PUT' | 'DEL' | 'PURGE';
  readonly revision: number;
  /** From the last of the values on that were there when the watch began: what comes now is new. */
  readonly isUpdate: boolean;
  json<T>(): T;
}

/** Ends when it is stopped, or when the server says nothing more: then values may have been missed. */
export interface BucketWatch extends AsyncIterable<BucketEntry> {
  stop(): void;
}

const HEARTBEAT_MS = 5_000;
/** Two heartbeats were missed. */
const SILENT_MS = 2.5 * HEARTBEAT_MS;
/**
 * How long the server keeps the consumer of a watch that is gone without a word. The watch of the client library leaves its own for
 * five minutes, also when it is stopped, and a stream takes a thousand: commands in a loop or a connection that comes and goes
 * would use them up.
 */
const INACTIVE_MS = 10_000;
const STATUS = 100;

/**
 * Watches the keys of a KV bucket that match: first all last values, then each change.
 * @throws Error if the bucket is not there or does not answer
 */
export async function watchBucket(nc: NatsConnection, bucket: string, key = '>'): Promise<BucketWatch> {
  const stream = `KV_${bucket}`;
  const prefix = `$KV.${bucket}.`;
  const name = `watch-${nuid.next()}`;
  const inbox = createInbox();
  const entries: BucketEntry[] = [];
  let arrived = Promise.withResolvers<void>();
  let isUpdate = false;
  let isOver = false;
  let consumed = 0;
  let heardAt = performance.now();

  const stop = () => {
    if (isOver) return;
    isOver = true;
    clearInterval(watchdog);
    subscription.unsubscribe();
    arrived.resolve();
    if (Link.of(nc).up) remove().catch(() => undefined);
  };
  const remove = async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    await manager.consumers.delete(stream, name);
  };
  const onMessage = (message: Msg) => {
    heardAt = performance.now();
    if (message.headers?.code === STATUS) {
      if (message.reply) message.respond();
      const stalled = message.headers.get('Nats-Consumer-Stalled');
      if (stalled) nc.publish(stalled);
      const last = message.headers.get('Nats-Last-Consumer');
      if (last && Number(last) !== consumed) stop();
      return;
    }
    const { revision, sequence, pending } = placeOf(message);
    if (sequence !== ++consumed) return stop();
    isUpdate ||= pending === 0;
    const marker = message.headers?.get('KV-Operation') || (message.headers?.get('Nats-Marker-Reason') ? 'DEL' : 'PUT');
    const json = <T>() => message.json<T>();
    entries.push({
      key: message.subject.slice(prefix.length),
      operation: marker as BucketEntry['operation'],
      revision,
      isUpdate,
      json,
    });
    arrived.resolve();
  };
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => (error ? stop() : onMessage(message)),
  });
  const watchdog = setInterval(() => {
    if (performance.now() - heardAt > SILENT_MS) stop();
  }, HEARTBEAT_MS);

  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const info = await manager.consumers.add(stream, {
      name,
      deliver_subject: inbox,
      deliver_policy: DeliverPolicy.LastPerSubject,
      ack_policy: AckPolicy.None,
      filter_subject: `${prefix}${key}`,
      flow_control: true,
      idle_heartbeat: nanos(HEARTBEAT_MS),
      inactive_threshold: nanos(INACTIVE_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    isUpdate ||= info.num_pending === 0 && consumed === 0;
  } catch (error) {
    stop();
    throw error;
  }

  return {
    stop,
    async *[Symbol.asyncIterator]() {
      try {
        while (!isOver) {
          yield* entries.splice(0);
          await arrived.promise;
          arrived = Promise.withResolvers<void>();
        }
      } finally {
        stop();
      }
    },
  };
}

/** From `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, or the longer form of it. */
function placeOf({ reply = '' }: Msg): { revision: number; sequence: number; pending: number } {
  const tokens = reply.split('.');
  const offset = tokens.length === 9 ? 5 : 7;
  return {
    revision: Number(tokens[offset]),
    sequence: Number(tokens[offset + 1]),
    pending: Number(tokens[offset + 3]),
  };
}
