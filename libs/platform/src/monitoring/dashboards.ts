import { METRIC } from '../telemetry/names.ts';
import { largest, processPanels, quantile, rateBy, type Dashboard, type Panel } from './panels.ts';
import { select } from './selectors.ts';
import { recordedRatio, SLOS } from './slos.ts';

const one = (expr: string, legend: string) => [{ expr, legend }];
const WRITES = { method: '="POST"', route: '=~"/sync/.*"' } as const;
const READS = { route: '!~"/sync/.*|/livez|/readyz|/health|/metrics"' } as const;

const lag: Panel = {
  title: 'Lag',
  description:
    'Age of the oldest message that a consumer has not processed. For documents: of the oldest write that no reader sees.',
  unit: 's',
  queries: one(largest(METRIC.consumerLag, 'consumer'), '{{consumer}}'),
};

const freshness: Panel = {
  title: 'Freshness',
  description:
    'Time until a write is in the documents, or a change in an index. The target is ten seconds for 99 % of the writes.',
  unit: 's',
  queries: [0.5, 0.99].map((share) => ({
    expr: quantile(share, METRIC.freshness, 'consumer'),
    legend: `{{consumer}} p${share * 100}`,
  })),
};

const storeOperations: Panel = {
  title: 'Store operations',
  description: 'p99 of each store. A store that became slow shows here before a lag does.',
  unit: 's',
  queries: one(quantile(0.99, METRIC.storeOperation, 'store'), '{{store}} p99'),
};

const operators: Dashboard = {
  name: 'opensync-operators',
  title: 'OpenSync · operators',
  description: 'Whether OpenSync is well, and what will run out.',
  panels: [
    ...SLOS.map((slo): Panel => ({
      title: slo.title.split(':')[0]!,
      description: `${slo.title}. Over an hour and over three days; above ${Number((1 - slo.objective).toPrecision(2))} the budget shrinks too fast.`,
      unit: 'percentunit',
      queries: ['1h', '3d'].map((window) => ({ expr: recordedRatio(slo, window), legend: `bad, ${window}` })),
    })),
    lag,
    freshness,
    {
      title: 'Dead letters',
      description: 'Messages that could not be processed. Each waits for a decision: opensync dlq list.',
      unit: 'short',
      queries: one(largest(METRIC.deadLetters, 'consumer'), '{{consumer}}'),
    },
    {
      title: 'Waiting or stopped consumers',
      description: '1 while a projection waits for a store, or has stopped because it fails on every message.',
      unit: 'short',
      queries: [
        ...one(largest(METRIC.consumerBlocked, 'consumer'), '{{consumer}} waits'),
        ...one(largest(METRIC.consumerStopped, 'consumer'), '{{consumer}} stopped'),
      ],
    },
    {
      title: 'Streams',
      description: 'Bytes of each stream of the log, and the limits that there are.',
      unit: 'bytes',
      queries: [
        ...one(largest(METRIC.streamSize, 'stream'), '{{stream}}'),
        ...one(largest(METRIC.streamLimit, 'stream'), '{{stream}} limit'),
      ],
    },
    {
      title: 'Disk of the data folder',
      description: 'Free share of the disk. Writes stop at a reserve.',
      unit: 'percentunit',
      queries: one(`${select(METRIC.diskFree)} / ${select(METRIC.diskSize)}`, '{{instance}}'),
    },
    {
      title: 'Age of the last backup and of its proof',
      description: 'Decades mean that there is none yet.',
      unit: 's',
      queries: [
        ...one(`time() - ${largest(METRIC.backupSuccess)}`, 'backup'),
        ...one(`time() - ${largest(METRIC.backupProof)}`, 'proof'),
      ],
    },
    {
      title: 'Late jobs',
      description: 'How long each scheduled job has been due without a run that succeeded. opensync jobs says why.',
      unit: 's',
      queries: one(largest(METRIC.jobLate, 'task'), '{{task}}'),
    },
    {
      title: 'Refused credentials',
      description: 'Wrong keys and ended logins a second.',
      unit: 'ops',
      queries: one(rateBy(METRIC.failedLogins, 'kind'), '{{kind}}'),
    },
    {
      title: 'Certificates',
      description: 'Time until the certificate of each server expires.',
      unit: 's',
      queries: one(`min by (setting) (${select(METRIC.certificateExpiry)}) - time()`, '{{setting}}'),
    },
    {
      title: 'Incomplete stores',
      description: '1 while a store is known to lack data of the log.',
      unit: 'short',
      queries: one(largest(METRIC.storeIncomplete, 'store'), '{{store}}'),
    },
    {
      title: 'Consumers of streams',
      description: 'nats-server creates no more than 1,000 for a stream.',
      unit: 'short',
      queries: one(largest(METRIC.streamConsumers, 'stream'), '{{stream}}'),
    },
    {
      title: 'Versions',
      description: 'Processes of each version. Two versions belong to an upgrade.',
      unit: 'short',
      kind: 'stat',
      queries: one(`count by (service, version) (${select(METRIC.build)})`, '{{service}} {{version}}'),
    },
  ],
};

const ingest: Dashboard = {
  name: 'opensync-ingest',
  title: 'OpenSync · ingest',
  description: 'What plugins send, and how fast it is durable.',
  panels: [
    {
      title: 'Writes',
      description: 'Requests of plugins a second, by status. 503 is repeated by plugins; 4xx is lost to the history.',
      unit: 'reqps',
      queries: one(rateBy(METRIC.httpRequest, 'status', WRITES), '{{status}}'),
    },
    {
      title: 'Duration of writes',
      description: 'From the headers to the last byte of the answer, which comes after the sync to disk.',
      unit: 's',
      queries: [0.5, 0.99].map((share) => ({
        expr: quantile(share, METRIC.httpRequest, undefined, WRITES),
        legend: `p${share * 100}`,
      })),
    },
    {
      title: 'Publishing to the log',
      description: 'Calls a second by outcome: anything but ok is answered 503 or 500.',
      unit: 'ops',
      queries: one(rateBy(METRIC.publish, 'outcome'), '{{outcome}}'),
    },
    {
      title: 'Events',
      description: 'Events that the log acknowledged, a second.',
      unit: 'ops',
      queries: one(rateBy(METRIC.publishedEvents, undefined), 'events'),
    },
    {
      title: 'Events that wait for the log',
      description: 'A number that grows means that the log does not keep up.',
      unit: 'short',
      queries: one(`sum(${select(METRIC.publishPending)})`, 'waiting'),
    },
    {
      title: 'Requests turned away',
      description: 'Answered 503 a second to keep the others fast: load is more writes than can be stored in time.',
      unit: 'reqps',
      queries: one(
        `sum by (class, reason) (rate(${select(METRIC.shedRequests)}[$__rate_interval]))`,
        '{{class}} {{reason}}',
      ),
    },
    {
      title: 'Odd values',
      description: 'Values of plugins that were repaired or left out, a second. A new plugin version may show here.',
      unit: 'ops',
      queries: one(rateBy(METRIC.oddValues, 'field'), '{{field}}'),
    },
    {
      title: 'Entries missing in the access log',
      description: 'Dropped entries a second. The requests themselves were answered.',
      unit: 'ops',
      queries: one(rateBy(METRIC.accessEntriesDropped, undefined), 'dropped'),
    },
    ...processPanels('ingest'),
  ],
};

const projector: Dashboard = {
  name: 'opensync-projector',
  title: 'OpenSync · projector',
  description: 'How far documents and indexes are, and what holds them up.',
  panels: [
    lag,
    freshness,
    {
      title: 'Backlog',
      description: 'Messages that wait, and those that are being processed.',
      unit: 'short',
      queries: [
        ...one(largest(METRIC.consumerPending, 'consumer'), '{{consumer}} waiting'),
        ...one(largest(METRIC.consumerAckPending, 'consumer'), '{{consumer}} in progress'),
      ],
    },
    {
      title: 'Batches',
      description: 'p99 of the time for a batch.',
      unit: 's',
      queries: one(quantile(0.99, METRIC.batchDuration, 'consumer'), '{{consumer}}'),
    },
    {
      title: 'Messages in a batch',
      description: 'Median. Large batches mean that it is catching up.',
      unit: 'short',
      queries: one(quantile(0.5, METRIC.batchSize, 'consumer'), '{{consumer}}'),
    },
    storeOperations,
    {
      title: 'Conflicts',
      description: 'Documents folded again a second, because another projector saved them first.',
      unit: 'ops',
      queries: one(rateBy(METRIC.foldConflicts, undefined), 'conflicts'),
    },
    {
      title: 'Payloads removed',
      description: 'Payloads of deleted sessions that were removed, a second.',
      unit: 'ops',
      queries: one(rateBy(METRIC.payloadsRemoved, undefined), 'removed'),
    },
    {
      title: 'Texts without a vector',
      description: 'Texts a second that the embedding model fails on.',
      unit: 'ops',
      queries: one(rateBy(METRIC.embedRefusedTexts, undefined), 'texts'),
    },
    ...processPanels('projector'),
  ],
};

const embedder: Dashboard = {
  name: 'opensync-embedder',
  title: 'OpenSync · embedder',
  description: 'What the embedding model does, and what it costs.',
  panels: [
    {
      title: 'Requests',
      description: 'Requests to the model a second, by outcome.',
      unit: 'reqps',
      queries: one(rateBy(METRIC.embed, 'outcome'), '{{outcome}}'),
    },
    {
      title: 'Duration',
      description: 'Of requests to the model.',
      unit: 's',
      queries: [0.5, 0.99].map((share) => ({
        expr: quantile(share, METRIC.embed, 'model'),
        legend: `{{model}} p${share * 100}`,
      })),
    },
    {
      title: 'Texts',
      description: 'Texts that were embedded, a second.',
      unit: 'ops',
      queries: one(rateBy(METRIC.embedTexts, 'model'), '{{model}}'),
    },
    {
      title: 'Tokens',
      description: 'Tokens that the model read, a second.',
      unit: 'ops',
      queries: one(rateBy(METRIC.embedTokens, 'model'), '{{model}}'),
    },
    {
      title: 'Cost of the last day',
      description: 'Of a model that has a price.',
      unit: 'currencyUSD',
      kind: 'stat',
      queries: one(`sum by (model) (increase(${select(METRIC.embedCost)}[1d]))`, '{{model}}'),
    },
    ...processPanels('embedder'),
  ],
};

const query: Dashboard = {
  name: 'opensync-query',
  title: 'OpenSync · query',
  description: 'What people and agents ask, and how fast they are answered.',
  panels: [
    {
      title: 'Reads',
      description: 'Requests a second, by status.',
      unit: 'reqps',
      queries: one(rateBy(METRIC.httpRequest, 'status', READS), '{{status}}'),
    },
    {
      title: 'Duration of reads',
      description: 'p99 by route.',
      unit: 's',
      queries: one(quantile(0.99, METRIC.httpRequest, 'route', READS), '{{route}}'),
    },
    storeOperations,
    {
      title: 'Live streams',
      description: 'Open live streams, and those that were ended because their clients did not keep up.',
      unit: 'short',
      queries: [
        ...one(`sum(${select(METRIC.liveStreams)})`, 'open'),
        ...one(`sum(increase(${select(METRIC.liveDropped)}[1h]))`, 'ended within an hour'),
      ],
    },
    {
      title: 'Session pages in memory',
      description: 'Bytes that are reserved by pages that are being sent.',
      unit: 'bytes',
      queries: one(`sum(${select(METRIC.pagesHeld)})`, 'reserved'),
    },
    {
      title: 'Reads of large content',
      description: 'A second, by outcome. "lost" means that content is missing or damaged.',
      unit: 'ops',
      queries: one(rateBy(METRIC.payloadReads, 'outcome'), '{{outcome}}'),
    },
    {
      title: 'Large content',
      description: 'Bytes a second that readers were sent.',
      unit: 'bytes',
      queries: one(rateBy(METRIC.payloadBytes, undefined), 'bytes'),
    },
    ...processPanels('query'),
  ],
};

/** One for operators, one for each service. */
export const DASHBOARDS: readonly Dashboard[] = [operators, ingest, projector, embedder, query];
