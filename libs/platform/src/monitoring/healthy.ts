import { METRIC } from '../telemetry/names.ts';
import { series, type TestSeries } from './selectors.ts';
import { SLOS } from './slos.ts';

const MINUTES = 200;
const steady = (value: number) => `${value}x${MINUTES}`;
const GIB = 1024 ** 3;
const perConsumer = (make: (consumer: string) => TestSeries): TestSeries[] =>
  ['documents', 'search', 'vectors'].map(make);

/** An installation that is well and in use, for three hours: no alert may fire. */
export const HEALTHY: readonly TestSeries[] = [
  ...['ingest', 'projector', 'query', 'embedder'].map((service) =>
    series(METRIC.build, { service, version: '1.0.0' }, steady(1)),
  ),
  ...SLOS.flatMap(({ testSeries, objective }) => testSeries((1 - objective) / 4)),
  ...perConsumer((consumer) => series(METRIC.consumerLag, { consumer }, `0 1 0 2 0x${MINUTES}`)),
  ...perConsumer((consumer) => series(METRIC.consumerBlocked, { consumer }, `0 1 1 0x${MINUTES}`)),
  ...perConsumer((consumer) => series(METRIC.consumerStopped, { consumer }, steady(0))),
  ...perConsumer((consumer) => series(METRIC.deadLetters, { consumer }, steady(0))),
  series(METRIC.storeIncomplete, { store: 'search' }, steady(0)),
  series(METRIC.publish, { outcome: 'ok' }, `0+1000x${MINUTES}`, { suffix: '_count' }),
  series(METRIC.publish, { outcome: 'unavailable' }, `0+1x${MINUTES}`, { suffix: '_count' }),
  series(METRIC.payloadReads, { outcome: 'ok' }, `0+10x${MINUTES}`),
  series(METRIC.embed, { model: 'm', outcome: 'ok' }, `0+10x${MINUTES}`, { suffix: '_count' }),
  series(METRIC.embed, { model: 'm', outcome: 'unavailable' }, `0+1x${MINUTES}`, { suffix: '_count' }),
  series(METRIC.accessEntriesDropped, {}, steady(0)),
  series(METRIC.shedRequests, { class: 'batch', reason: 'load' }, `0+1x${MINUTES}`),
  series(METRIC.failedLogins, { kind: 'key' }, `0+2x${MINUTES}`),
  series(METRIC.streamSize, { stream: 'EVENTS' }, `0+1x${MINUTES}`),
  series(METRIC.streamLimit, { stream: 'EVENTS' }, steady(1_000_000)),
  // It drops its oldest entries, and so is always full.
  series(METRIC.streamSize, { stream: 'ACCESS' }, steady(100)),
  series(METRIC.streamLimit, { stream: 'ACCESS' }, steady(100)),
  series(METRIC.diskSize, {}, steady(100 * GIB)),
  series(METRIC.diskFree, {}, `${60 * GIB}-${1024 ** 2}x${MINUTES}`),
  series(METRIC.streamConsumers, { stream: 'EVENTS' }, steady(12)),
  series(METRIC.certificateExpiry, { setting: 'NATS_URL' }, steady(90 * 86_400)),
  series(METRIC.backupProofFailed, {}, steady(0)),
  series(METRIC.jobLate, { task: 'wrapped' }, `0 60 0x${MINUTES}`),
  // Each minute: as fresh as can be.
  series(METRIC.backupSuccess, {}, `0+60x${MINUTES}`),
  series(METRIC.backupProof, {}, steady(0)),
];
