import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';

/** Milliseconds since the oldest message that the consumer has not acknowledged was stored; 0 if it has acknowledged all. */
export async function lagMsOf(manager: JetStreamManager, info: ConsumerInfo): Promise<number> {
  if (info.num_pending + info.num_ack_pending === 0) return 0;
  // The message itself may be gone: a stream of changes keeps only what is not acknowledged.
  const query: { seq: number; next_by_subj: string } = { seq: info.ack_floor.stream_seq + 1, next_by_subj: '>' };
  const oldest = await manager.streams.getMessage(info.stream_name, query);
  return oldest ? Math.max(0, Date.now() - oldest.time.getTime()) : 0;
}
