export { answerTo, ask, askAll } from './asking.ts';
export { connectLog, type ConnectOptions, type LogConnection } from './connection.ts';
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
export { serveRaising, untilKept } from './topology/keeper.ts';
export { Topology } from './topology/topology.ts';
export type { TopologyOptions } from './topology/specifications.ts';
export type { Claim } from './publish/claim.ts';
export { EventPublisher, type PublisherOptions } from './publish/event-publisher.ts';
export { CurationLog } from './publish/curation-log.ts';
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
export { consumerFacts, type ConsumerFacts, wasEverFed } from './progress/consumer-facts.ts';
export { ProjectionProgress } from './progress/projection-progress.ts';
export { continueAbove, eventAt, logFacts, type EventRef, type LogFacts } from './read/log-facts.ts';
export { EventReader } from './read/event-reader.ts';
export { historyOf } from './read/history.ts';
export { ownersInLog } from './read/owners.ts';
export { lostEventsOf, readLostEvents } from './read/lost-events.ts';
export { replay, streamEnds, type ReplayRange, type StoredDelivery, type StreamEnds } from './read/replay.ts';
export { ensureTail, removeTail, tailPosition } from './consume/tail.ts';
export { whilePaused } from './consume/pause.ts';
export { openBucket } from './bucket.ts';
export { watchBucket, type BucketEntry, type BucketWatch } from './bucket-watch.ts';
export { isConflict } from './jetstream-codes.ts';
export { orUnavailable, unavailable } from './unavailable.ts';
