export { connectLog, Link, type ConnectOptions } from './connection.ts';
export { logProblem, logState, openConnection, openLog, type OpenLogContext } from './open-log.ts';
export {
  LOG_SETTINGS,
  PUBLISH_SETTINGS,
  publishMode,
  remoteLogServer,
  topologyOf,
  type LogServer,
  type LogSettings,
} from './settings.ts';
export { CONSUMER, GENERATION_BUCKET, STREAM, type ConsumerRef } from './topology/names.ts';
export { reconcileTopology, type Difference, type TopologyReport } from './topology/reconcile.ts';
export { consumersOf, crowdingProblem, type StreamConsumers } from './topology/crowding.ts';
export { Topology } from './topology/topology.ts';
export type { TopologyOptions } from './topology/specifications.ts';
export type { Claim } from './publish/claim.ts';
export { EventPublisher, type PublisherOptions } from './publish/event-publisher.ts';
export { publishChanges } from './publish/changes.ts';
export type { Delivery } from './consume/delivery.ts';
export {
  BatchConsumer,
  type BatchConsumerOptions,
  type BatchContext,
  type BatchHandler,
  type BatchOutcome,
  type ConsumerHealth,
  type ConsumerReport,
  type Poison,
} from './consume/batch-consumer.ts';
export { consumersState, isMakingProgress, logReports } from './consume/reports.ts';
export { requestConsumerHealth, serveConsumerHealth } from './observe/consumer-health.ts';
export { requestLogProblems, serveLogProblem } from './observe/log-problems.ts';
export { observeBacklog } from './observe/backlog.ts';
export { contentProblems, contentStates, observeContent } from './observe/content-health.ts';
export { observedHandler } from './observe/batches.ts';
export { observedPublisher } from './observe/publishing.ts';
export { HandlesBatchesOf, JetStreamStrategy, type StrategyOptions } from './consume/strategy.ts';
export { DeadLetters, type DeadLetter, type DeadLetterKind, type LetterFacts } from './dead-letters/dead-letters.ts';
export { replayByItself } from './dead-letters/self-replay.ts';
export { requestReplay, type ReplayOutcome } from './dead-letters/replay.ts';
export { CLAIM_CHECK_BYTES } from './payloads/chunks.ts';
export { PayloadLostError } from './payloads/lost.ts';
export { ChunkCache } from './payloads/chunk-cache.ts';
export type { ByteRange } from './payloads/payload-content.ts';
export { PayloadStore, type StoredPayload } from './payloads/payload-store.ts';
export { consumerFacts, type ConsumerFacts, wasEverFed } from './progress/consumer-facts.ts';
export { ProjectionProgress } from './progress/projection-progress.ts';
export { KeyDirectory, type NewApiKey } from './keys/key-directory.ts';
export { KEY_SETTINGS, openKeys, provideFirstKey, provideGivenKey, type GivenKey } from './keys/open-keys.ts';
export type { ApiKeyRecord } from './keys/records.ts';
export {
  addMemberWithoutKeys,
  addUserWithoutKeys,
  removeMemberAndKeys,
  removeUserAndKeys,
  type MemberRemoval,
} from './keys/member-removal.ts';
export {
  addMember,
  addUser,
  addWorkspace,
  addWorkspaceOf,
  changeUser,
  renameWorkspace,
  setRole,
  userOf,
  workspaceOf,
} from './people/decisions.ts';
export { DEFAULT_WORKSPACE, type Member, type People, type User, type Workspace } from './people/people.ts';
export { EmbeddingClient, requestsAtOnce } from './embedding/client.ts';
export { giveSigns } from './embedding/signs-of-life.ts';
export { EMBED_HEADER, encodeFailure, encodeVector } from './embedding/wire.ts';
export { continueAbove, eventAt, logFacts, type EventRef, type LogFacts } from './read/log-facts.ts';
export { EventReader } from './read/event-reader.ts';
export { historyOf } from './read/history.ts';
export { ownersInLog } from './read/owners.ts';
export { lostEventsOf, readLostEvents } from './read/lost-events.ts';
export { replay, streamEnds, type ReplayRange, type StoredDelivery, type StreamEnds } from './read/replay.ts';
export { PendingRemovals, type PendingRemoval, type Removal } from './removal/pending.ts';
export { removePayloads, type RemovalOptions } from './removal/remove-payloads.ts';
export { exportLog, type ExportOptions } from './transfer/export-log.ts';
export { importLog, type ImportOptions, type ImportSummary } from './transfer/import-log.ts';
export { NO_COUNTS, TransferError, type TransferCounts } from './transfer/lines.ts';
export { openExport } from './transfer/read-export.ts';
export { splitLines } from './transfer/split-lines.ts';
export { ensureTail, removeTail, tailPosition } from './consume/tail.ts';
export { whilePaused } from './consume/pause.ts';
export { openBucket } from './bucket.ts';
export { watchBucket, type BucketEntry, type BucketWatch } from './bucket-watch.ts';
export { isConflict, orUnavailable, unavailable } from './unavailable.ts';
