/** A metric as `/metrics` shows it. Labels are bounded in number and never identify users. */
export interface MetricDefinition<Label extends string = never> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** Upper bounds of a histogram's buckets, in the metric's unit. */
  readonly buckets?: readonly number[];
}

const metric = <Label extends string = never>(
  name: string,
  help: string,
  labels: readonly Label[] = [],
  buckets?: readonly number[],
): MetricDefinition<Label> => ({ name: `opensync_${name}`, help, labels, ...(buckets && { buckets }) });

/** Seconds, from an acknowledgement without a sync to a person's patience. */
const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds, for batches that wait for an embedding model. */
const LONG_LATENCY = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Seconds, from a write to what readers see of it: the target is ten. */
const FRESHNESS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const BATCH = [1, 2, 5, 10, 25, 50, 100, 250, 500];

/** All our metrics. Those of the process come from prom-client under their usual names. */
export const METRIC = {
  build: metric('build_info', '1, with the name and the version of this process', ['service', 'version']),
  httpRequest: metric(
    'http_request_duration_seconds',
    'HTTP requests, from the request headers to the last byte of the response',
    ['method', 'route', 'status'],
    LATENCY,
  ),
  failedLogins: metric(
    'failed_logins_total',
    'Refused credentials: `key`: unknown, revoked or expired API keys; `throttled`: refused without a look, after too many wrong keys from the address; `login`: logins that have ended',
    ['kind'],
  ),
  publish: metric(
    'publish_duration_seconds',
    'Publishing the events of one request, from the call to the last acknowledgement of the log',
    ['outcome'],
    LATENCY,
  ),
  publishedEvents: metric('published_events_total', 'Events that the log acknowledged'),
  oddValues: metric('odd_values_total', 'Values from clients that were repaired or left out; the rest is stored', [
    'field',
    'reason',
  ]),
  shedRequests: metric(
    'shed_requests_total',
    'Requests turned away with 503 to keep the others fast: `load`: more writes than can be stored in time; `memory`: bodies in progress hold all the memory they may',
    ['class', 'reason'],
  ),
  writesInProgress: metric(
    'writes_in_progress',
    'Writes in progress, without those whose client is still sending the body',
    ['class'],
  ),
  writesLimit: metric(
    'writes_limit',
    'Writes that may be in progress; absent unless writes are turned away at the moment',
    ['class'],
  ),
  publishPending: metric('publish_pending_events', 'Events waiting for their acknowledgement'),
  consumerPending: metric(
    'consumer_pending_messages',
    'Messages in the stream that were not delivered to the consumer yet',
    ['consumer'],
  ),
  consumerAckPending: metric(
    'consumer_ack_pending_messages',
    'Messages that were delivered to the consumer and are not acknowledged yet',
    ['consumer'],
  ),
  consumerLag: metric(
    'consumer_lag_seconds',
    'Age of the oldest message that the consumer has not processed; 0 if it has processed all. Of `documents`: the oldest event that no reader sees yet',
    ['consumer'],
  ),
  freshness: metric(
    'freshness_seconds',
    'Time from a message being stored to its projection being saved: of `documents` from the write, of `search` and `vectors` from the change of the document',
    ['consumer'],
    FRESHNESS,
  ),
  consumerBlocked: metric(
    'consumer_blocked',
    '1 while a consumer of this process waits for a store or server, or receives no messages because it is missing',
    ['consumer'],
  ),
  consumerStopped: metric(
    'consumer_stopped',
    '1 while a consumer of this process has stopped because its handler fails on every message, or hangs',
    ['consumer'],
  ),
  batchSize: metric('consumer_batch_size', 'Messages in a batch', ['consumer'], BATCH),
  batchDuration: metric(
    'consumer_batch_duration_seconds',
    'Processing time of a batch',
    ['consumer', 'outcome'],
    LONG_LATENCY,
  ),
  foldConflicts: metric('fold_conflicts_total', 'Documents folded again because another projector saved them first'),
  payloadsRemoved: metric('payloads_removed_total', 'Payloads of deleted sessions that were removed'),
  deadLetters: metric('dead_letters', 'Messages in the dead-letter stream', ['consumer']),
  payloadReads: metric(
    'payload_reads_total',
    'Reads of large content from the log; `unavailable`: temporary failure, `lost`: content is missing or damaged',
    ['outcome'],
  ),
  payloadBytes: metric('payload_read_bytes_total', 'Large content delivered to readers, from the log or the cache'),
  streamSize: metric('stream_size_bytes', 'Bytes that a stream holds', ['stream']),
  streamLimit: metric('stream_limit_bytes', 'Bytes that a stream may hold; absent without a limit', ['stream']),
  diskFree: metric('disk_free_bytes', 'Free bytes on the disk of the data folder; absent if the process has none'),
  diskSize: metric('disk_size_bytes', 'Size of the disk of the data folder; absent if the process has none'),
  certificateExpiry: metric(
    'certificate_expiry_timestamp_seconds',
    'When the TLS certificate of a server that a setting names expires, Unix time',
    ['setting'],
  ),
  backupSuccess: metric(
    'backup_last_success_timestamp_seconds',
    'When the last backup ended, Unix time; 0: there is none',
  ),
  backupProof: metric(
    'backup_last_proof_timestamp_seconds',
    'When a rehearsal last restored a backup and found it equal to the live documents, Unix time; 0: never',
  ),
  backupProofFailed: metric('backup_proof_failed', '1 if the last rehearsal failed: the backup cannot be relied on'),
  streamConsumers: metric(
    'stream_consumers',
    'Consumers of a stream; nats-server allows 1,000 unless configured otherwise',
    ['stream'],
  ),
  accessEntriesDropped: metric(
    'access_log_dropped_total',
    'Requests missing in the API access log because the event log did not take their entries in time',
  ),
  pagesHeld: metric('session_pages_bytes', 'Bytes reserved by session pages that are being sent'),
  liveStreams: metric('live_streams', 'Live streams that are open'),
  liveDropped: metric(
    'live_streams_dropped_total',
    'Live streams that were ended because their clients did not keep up',
  ),
  wrappedDeliveries: metric('wrapped_deliveries_total', 'Summaries that were sent, or could not be', [
    'means',
    'outcome',
  ]),
  jobLate: metric('job_late_seconds', 'Since when a job is due without a run that succeeded; 0: it is not', ['task']),
  jobSuccess: metric('job_last_success_timestamp_seconds', 'When a job last succeeded, in any process', ['task']),
  jobFailures: metric('job_failures', 'Runs of a job in a row that failed, in any process', ['task']),
  jobRuns: metric('job_runs_total', 'Runs of a job that ended in this process', ['task', 'outcome']),
  storeIncomplete: metric(
    'store_incomplete',
    '1 while a store is known to lack data of the log, or to belong to another log',
    ['store'],
  ),
  storeOperation: metric(
    'store_operation_duration_seconds',
    'Duration of store operations',
    ['store', 'operation', 'outcome'],
    LATENCY,
  ),
  embed: metric('embed_duration_seconds', 'Duration of embedding requests', ['model', 'outcome'], LONG_LATENCY),
  embedRefusedTexts: metric(
    'embed_refused_texts_total',
    'Texts left without a vector because the embedding model fails only on them',
  ),
  embedTexts: metric('embed_texts_total', 'Texts that were embedded', ['model']),
  embedTokens: metric('embed_tokens_total', 'Tokens that the embedding model read', ['model']),
  embedCost: metric('embed_cost_dollars_total', 'Cost of these tokens', ['model']),
} as const;

/** The label `outcome`. */
export type Outcome = 'ok' | 'unavailable' | 'error';

/** Names of spans; those of a batch or a store include its subject. */
export const SPAN = {
  publish: 'publish EVENTS',
  process: (consumer: string) => `process ${consumer}`,
  store: (store: string, operation: string) => `${store}.${operation}`,
  embed: 'embed',
} as const;

/** Attributes of spans, following the semantic conventions of OpenTelemetry where they exist. */
export const ATTRIBUTE = {
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  requestId: 'opensync.request_id',
  messagingSystem: 'messaging.system',
  destination: 'messaging.destination.name',
  consumer: 'messaging.consumer.group.name',
  batchSize: 'messaging.batch.message_count',
  firstSequence: 'opensync.first_sequence',
  lastSequence: 'opensync.last_sequence',
  store: 'opensync.store',
  operation: 'db.operation.name',
  model: 'gen_ai.request.model',
  texts: 'opensync.texts',
} as const;

/** Fields of log lines that several places write. */
export const FIELD = {
  requestId: 'requestId',
  traceId: 'traceId',
  method: 'method',
  route: 'route',
  status: 'status',
  durationMs: 'durationMs',
  keyId: 'keyId',
  sequence: 'sequence',
  consumer: 'consumer',
  batchSize: 'batchSize',
  firstSequence: 'firstSequence',
  lastSequence: 'lastSequence',
} as const;
