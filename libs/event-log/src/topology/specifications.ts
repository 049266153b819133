import {
  ACCESS_SUBJECTS,
  CHANGE_SUBJECTS,
  DLQ_SUBJECTS,
  EVENT_SUBJECTS,
  PAYLOAD_SUBJECTS,
  PICTURE_SUBJECTS,
} from '@opensync/contracts';
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
  BACKUP_BUCKET,
  CONSUMER,
  ERASURE_BUCKET,
  GENERATION_BUCKET,
  JOB_BUCKET,
  KEY_BUCKET,
  LOGIN_BUCKET,
  PREFERENCE_BUCKET,
  REMOVAL_BUCKET,
  STREAM,
  SUMMARY_BUCKET,
  SUSPECT_BUCKET,
  USE_BUCKET,
  type ConsumerRef,
} from './names.ts';

export interface TopologyOptions {
  /** Copies of each stream in a cluster; 1 on a single server. */
  readonly replicas: number;
  /** Largest size of EVENTS in bytes; not set: the disk. A full stream rejects events and never loses any. */
  readonly eventsMaxBytes?: number | undefined;
  /** How long the API access log is kept, in days; default 30. */
  readonly accessLogDays?: number | undefined;
  /** Largest size of the API access log in bytes; default 256 MiB. */
  readonly accessLogMaxBytes?: number | undefined;
}

/** The required configuration of a stream. Only the fields named here are compared. */
export type StreamSpecification = Partial<StreamConfig> & { readonly name: string };
export type ConsumerSpecification = Partial<ConsumerConfig> & { readonly durable_name: string };

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * How long a consumer may hold a message without a sign of life. Messages of a killed consumer are redelivered after
 * this; BatchConsumer sends a sign every third of it, so that a long batch is not redelivered.
 */
export const ACK_WAIT_MS = 6 * SECOND_MS;

/** Defaults of the settings of the API access log. */
const ACCESS_LOG = { days: 30, maxBytes: 256 * 1024 * 1024 };

/** Pictures of summaries take half a gigabyte at most, and a tenth of that as a rule. */
const PICTURES = { most: 500, days: 7 };
/** Of a picture that is kept. */
export const LONGEST_PICTURE = 1024 * 1024;

export function streamSpecifications({
  replicas,
  eventsMaxBytes,
  accessLogDays = ACCESS_LOG.days,
  accessLogMaxBytes = ACCESS_LOG.maxBytes,
}: TopologyOptions): StreamSpecification[] {
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
      // How long a repeated request with its Idempotency-Key is stored only once.
      duplicate_window: nanos(10 * MINUTE_MS),
    },
    // One subject per payload, with its chunks: every read, listing or deletion for an owner is a subject filter.
    { ...common, name: STREAM.payloads, subjects: [PAYLOAD_SUBJECTS], allow_atomic: true, allow_direct: true },
    // Interest retention: messages that both indexers have processed are removed.
    { ...common, name: STREAM.changes, subjects: [CHANGE_SUBJECTS], retention: RetentionPolicy.Interest },
    { ...common, name: STREAM.deadLetters, subjects: [DLQ_SUBJECTS], allow_direct: true },
    // Requests must never wait or fail because of their log: it drops its oldest entries.
    {
      ...common,
      name: STREAM.access,
      subjects: [ACCESS_SUBJECTS],
      discard: DiscardPolicy.Old,
      max_age: nanos(Math.max(1, accessLogDays) * DAY_MS),
      max_bytes: accessLogMaxBytes,
      allow_direct: true,
    },
    // A picture that is missing is drawn again. Their number limits their size: `max_bytes` would reserve it on the disk.
    {
      ...common,
      name: STREAM.pictures,
      subjects: [PICTURE_SUBJECTS],
      discard: DiscardPolicy.Old,
      max_age: nanos(PICTURES.days * DAY_MS),
      max_msgs: PICTURES.most,
      max_msgs_per_subject: 1,
      max_msg_size: LONGEST_PICTURE,
      allow_direct: true,
    },
  ];
}

/**
 * The last number is how many messages all replicas together may hold: a vectors projector holds several hundred
 * until they are embedded, so a small number would leave nothing for the others.
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
    // Unlimited: a message leaves by ack or as a dead letter, never because of its number of deliveries.
    max_deliver: -1,
  };
}

/** More than the longest login: what is left of those that ended, and of used links. */
const LOGIN_TTL_MS = 400 * DAY_MS;

/** Nothing looks at older ones: a summary is corrected for a week after its end. */
const SUMMARY_TTL_MS = 100 * DAY_MS;

/** What `opensync usage` can show. */
const USE_TTL_MS = 40 * DAY_MS;

/** KV buckets by the name of their underlying stream. Their other settings are the NATS client's defaults. */
export const BUCKETS: readonly { readonly stream: string; readonly bucket: string; readonly ttlMs?: number }[] = [
  { stream: `KV_${KEY_BUCKET}`, bucket: KEY_BUCKET },
  { stream: `KV_${LOGIN_BUCKET}`, bucket: LOGIN_BUCKET, ttlMs: LOGIN_TTL_MS },
  { stream: `KV_${GENERATION_BUCKET}`, bucket: GENERATION_BUCKET },
  { stream: `KV_${SUSPECT_BUCKET}`, bucket: SUSPECT_BUCKET },
  { stream: `KV_${REMOVAL_BUCKET}`, bucket: REMOVAL_BUCKET },
  { stream: `KV_${ERASURE_BUCKET}`, bucket: ERASURE_BUCKET },
  { stream: `KV_${BACKUP_BUCKET}`, bucket: BACKUP_BUCKET },
  { stream: `KV_${JOB_BUCKET}`, bucket: JOB_BUCKET },
  { stream: `KV_${PREFERENCE_BUCKET}`, bucket: PREFERENCE_BUCKET },
  { stream: `KV_${SUMMARY_BUCKET}`, bucket: SUMMARY_BUCKET, ttlMs: SUMMARY_TTL_MS },
  { stream: `KV_${USE_BUCKET}`, bucket: USE_BUCKET, ttlMs: USE_TTL_MS },
];

/** Every stream that the product creates. */
export const STREAMS: readonly string[] = [...Object.values(STREAM), ...BUCKETS.map(({ stream }) => stream)];
