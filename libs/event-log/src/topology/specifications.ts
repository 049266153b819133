import { CHANGE_SUBJECTS, DLQ_SUBJECTS, EVENT_SUBJECTS, PAYLOAD_SUBJECTS } from '@opensync/contracts';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import {
  CONSUMER,
  GENERATION_BUCKET,
  KEY_BUCKET,
  REMOVAL_BUCKET,
  STREAM,
  SUSPECT_BUCKET,
  type ConsumerRef,
} from './names.ts';

export interface TopologyOptions {
  /** Copies of each stream in a cluster; 1 on a single server. */
  readonly replicas: number;
  /** Largest size of EVENTS in bytes; not set: the disk. Full means refused publishes, never loss. */
  readonly eventsMaxBytes?: number | undefined;
}

/** What a stream must be. Only the fields that are named here are looked at. */
export type StreamSpecification = Partial<StreamConfig> & { readonly name: string };
export type ConsumerSpecification = Partial<ConsumerConfig> & { readonly durable_name: string };

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/**
 * How long a consumer may hold a message without a sign of life. What a killed consumer held comes back after
 * this; BatchConsumer gives a sign every third of it, so that a long batch never does.
 */
export const ACK_WAIT_MS = 6 * SECOND_MS;

export function streamSpecifications({ replicas, eventsMaxBytes }: TopologyOptions): StreamSpecification[] {
  const common = {
    storage: StorageType.File,
    num_replicas: replicas,
    discard: DiscardPolicy.New,
    retention: RetentionPolicy.Limits,
  };
  return [
    {
      ...common,
      name: STREAM.events,
      subjects: [EVENT_SUBJECTS],
      max_bytes: eventsMaxBytes ?? -1,
      max_age: 0,
      max_msgs: -1,
      max_msgs_per_subject: -1,
      allow_atomic: true,
      allow_direct: true,
      // How long a client that repeats a request with its Idempotency-Key stores it once.
      duplicate_window: nanos(10 * MINUTE_MS),
    },
    // One subject a payload, its chunks under it: whatever is read, listed or deleted of an owner is a subject filter.
    { ...common, name: STREAM.payloads, subjects: [PAYLOAD_SUBJECTS], allow_atomic: true, allow_direct: true },
    // Interest: what both indexers have worked off is gone.
    { ...common, name: STREAM.changes, subjects: [CHANGE_SUBJECTS], retention: RetentionPolicy.Interest },
    { ...common, name: STREAM.deadLetters, subjects: [DLQ_SUBJECTS], allow_direct: true },
  ];
}

/**
 * The last figure is how many messages all replicas together may hold: one of the vectors holds several hundred, until they are
 * embedded, so a small figure would leave nothing for the others.
 */
export const CONSUMER_SPECIFICATIONS: readonly { ref: ConsumerRef; config: ConsumerSpecification }[] = [
  { ref: CONSUMER.documents, config: durable(CONSUMER.documents.durable, 20_000) },
  { ref: CONSUMER.search, config: durable(CONSUMER.search.durable, 1000) },
  { ref: CONSUMER.vectors, config: durable(CONSUMER.vectors.durable, 20_000) },
];

function durable(name: string, maxAckPending: number): ConsumerSpecification {
  return {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: maxAckPending,
    // Unlimited: a message leaves by ack or to the dead letters, never because it was tried often.
    max_deliver: -1,
  };
}

/** KV buckets by the name of the stream below. Their other settings are those of the NATS client. */
export const BUCKETS = [
  { stream: `KV_${KEY_BUCKET}`, bucket: KEY_BUCKET },
  { stream: `KV_${GENERATION_BUCKET}`, bucket: GENERATION_BUCKET },
  { stream: `KV_${SUSPECT_BUCKET}`, bucket: SUSPECT_BUCKET },
  { stream: `KV_${REMOVAL_BUCKET}`, bucket: REMOVAL_BUCKET },
] as const;
