import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { nanos, nuid, type Msg } from '@nats-io/transport-node';
import { NATS_STATUS } from './jetstream-codes.ts';
import { type LogConnection } from './connection.ts';

/** A message of a watched stream: the last one of its subject when the watch began, or a later one. */
export interface WatchedMessage {
  readonly subject: string;
  readonly sequence: number;
  /** True from the last message that existed when the watch began: everything after it is new. */
  readonly isUpdate: boolean;
  header(name: string): string | undefined;
  body(): string;
}

/** Ends when it is stopped, or when the server goes silent: then messages may have been missed. */
export interface StreamWatch<Item = WatchedMessage> extends AsyncIterable<Item> {
  /** Nothing matched when the watch began. */
  readonly isEmpty: boolean;
  stop(): void;
}

/** How soon a watch and its server notice that the other is gone. */
export interface WatchPeriods {
  /** The server sends something at least this often; the watch ends after two and a half periods of silence. */
  readonly heartbeatMs: number;
  /**
   * How long the server keeps the consumer of a watch that vanished. The client library's watch leaves its consumer for
   * five minutes, even when it is stopped, and a stream allows a thousand: commands in a loop or a flapping connection
   * would exhaust them.
   */
  readonly inactiveMs: number;
}
const PERIODS: WatchPeriods = { heartbeatMs: 5_000, inactiveMs: 10_000 };

/**
 * Watches the matching subjects of a stream: first the last message of each, then every new one.
 * @throws Error if the stream does not exist or does not answer
 */
export async function watchStream(
  nc: LogConnection,
  stream: string,
  filter: string,
  { heartbeatMs, inactiveMs } = PERIODS,
): Promise<StreamWatch> {
  const name = `watch-${nuid.next()}`;
  const inbox = nc.inbox();
  const messages: WatchedMessage[] = [];
  let arrived = Promise.withResolvers<void>();
  let isEmpty = false;
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
    if (nc.link.up) remove().catch(() => undefined);
  };
  const remove = async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    await manager.consumers.delete(stream, name);
  };
  const onMessage = (message: Msg) => {
    heardAt = performance.now();
    if (message.headers?.code === NATS_STATUS.control) {
      if (message.reply) message.respond();
      const stalled = message.headers.get('Nats-Consumer-Stalled');
      if (stalled) nc.publish(stalled);
      const last = message.headers.get('Nats-Last-Consumer');
      if (last && Number(last) !== consumed) stop();
      return;
    }
    const { streamSequence, sequence, pending } = placeOf(message);
    if (sequence !== ++consumed) return stop();
    isUpdate ||= pending === 0;
    messages.push({
      subject: message.subject,
      sequence: streamSequence,
      isUpdate,
      header: (name) => message.headers?.get(name) || undefined,
      body: () => message.string(),
    });
    arrived.resolve();
  };
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => (error ? stop() : onMessage(message)),
  });
  const watchdog = setInterval(() => {
    if (performance.now() - heardAt > 2.5 * heartbeatMs) stop();
  }, heartbeatMs);

  try {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const info = await manager.consumers.add(stream, {
      name,
      deliver_subject: inbox,
      deliver_policy: DeliverPolicy.LastPerSubject,
      ack_policy: AckPolicy.None,
      filter_subject: filter,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMs),
      inactive_threshold: nanos(inactiveMs),
      mem_storage: true,
      num_replicas: 1,
    });
    isEmpty = info.num_pending === 0 && consumed === 0;
    isUpdate ||= isEmpty;
  } catch (error) {
    stop();
    throw error;
  }

  return {
    isEmpty,
    stop,
    async *[Symbol.asyncIterator]() {
      try {
        while (!isOver) {
          yield* messages.splice(0);
          await arrived.promise;
          arrived = Promise.withResolvers<void>();
        }
      } finally {
        stop();
      }
    },
  };
}

/** From `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, or its longer form. */
function placeOf({ reply = '' }: Msg): { streamSequence: number; sequence: number; pending: number } {
  const tokens = reply.split('.');
  const offset = tokens.length === 9 ? 5 : 7;
  return {
    streamSequence: Number(tokens[offset]),
    sequence: Number(tokens[offset + 1]),
    pending: Number(tokens[offset + 3]),
  };
}
