import { admissionFigures } from './cases/admission.ts';
import { batchFigures } from './cases/batch.ts';
import { elasticsearchFigures } from './cases/cluster/elasticsearch.ts';
import { gatewayFigures } from './cases/cluster/gateway.ts';
import { mongodbFigures } from './cases/cluster/mongodb.ts';
import { qdrantFigures } from './cases/cluster/qdrant.ts';
import { rebuildFigures } from './cases/cluster/rebuild.ts';
import { consoleFigures } from './cases/console.ts';
import { embeddingFigures } from './cases/embedding.ts';
import { exportFigures } from './cases/exports.ts';
import { fairnessFigures } from './cases/fairness.ts';
import { ingestFigures } from './cases/ingest.ts';
import { lighthouseFigures } from './cases/lighthouse.ts';
import { liveFigures } from './cases/live.ts';
import { parsingFigures } from './cases/parsing.ts';
import { projectionFigures } from './cases/projection.ts';
import { searchFigures } from './cases/search.ts';
import { sessionPageFigures } from './cases/session-page.ts';
import { statisticsFigures } from './cases/statistics.ts';
import { wholeFigures } from './cases/whole.ts';
import { wrappedFigures } from './cases/wrapped.ts';
import type { Figure } from './figures.ts';

export interface Case {
  readonly name: string;
  /** What it measures, and against what; a line for the help. */
  readonly about: string;
  readonly measure: () => Promise<readonly Figure[]>;
}

/** Of everything in one process. Each needs a nats-server at most, which is found or fetched. */
export const EMBEDDED_CASES: readonly Case[] = [
  { name: 'ingest', about: 'single events over HTTP, against a bare handler', measure: ingestFigures },
  { name: 'batch', about: '/sync/batch, against raw publishing', measure: batchFigures },
  { name: 'parsing', about: 'requests to events, against JSON.parse of their bodies', measure: parsingFigures },
  { name: 'projection', about: 'events to documents in SQLite, against raw upserts', measure: projectionFigures },
  { name: 'search', about: 'full text in SQLite, against the raw FTS5 query', measure: searchFigures },
  {
    name: 'session-page',
    about: 'the outline and pages of a session of 10,000 messages, against a bare server with the same bytes',
    measure: sessionPageFigures,
  },
  {
    name: 'console',
    about: 'a session of 10,000 messages in a browser, and a message of 5 MB, against a short session (a minute)',
    measure: consoleFigures,
  },
  {
    name: 'lighthouse',
    about: 'the audits of Lighthouse on sessions, session and public page (two minutes; installs it once)',
    measure: lighthouseFigures,
  },
  { name: 'whole', about: 'the all-in-one: throughput, freshness, memory (about two minutes)', measure: wholeFigures },
  {
    name: 'statistics',
    about: 'statistics of 100,000 sessions, against those of 1,000 (about four minutes)',
    measure: statisticsFigures,
  },
  {
    name: 'live',
    about: 'from a write to a thousand live streams, against one stream (half a minute)',
    measure: liveFigures,
  },
  {
    name: 'wrapped',
    about: 'the daily summaries of 10,000 owners in one run: rate and memory (about two minutes)',
    measure: wrappedFigures,
  },
  {
    name: 'exports',
    about: 'lists and exports of 100,000 sessions: memory over idle, first byte (about twenty minutes)',
    measure: exportFigures,
  },
  {
    name: 'embedding',
    about: 'local models: texts/s, a backlog of 10,000 messages, searches beside it (about ten minutes)',
    measure: embeddingFigures,
  },
  {
    name: 'fairness',
    about: 'one owner beside another who misbehaves, against that owner alone (about three minutes)',
    measure: fairnessFigures,
  },
  {
    name: 'admission',
    about:
      'three times the load that a gateway sustains: p99 of what it accepts, against the unloaded one (two minutes)',
    measure: admissionFigures,
  },
];

/** Of services and stores on servers. */
export const CLUSTER_CASES: readonly Case[] = [
  { name: 'mongodb', about: 'events to documents, against raw bulk upserts (MongoDB)', measure: mongodbFigures },
  {
    name: 'elasticsearch',
    about: 'rows to the full-text index, against raw bulk requests (Elasticsearch)',
    measure: elasticsearchFigures,
  },
  { name: 'qdrant', about: 'vectors, against raw upserts (Qdrant)', measure: qdrantFigures },
  {
    name: 'gateway',
    about: '/sync/batch at an ingest service apart, against raw publishing (MongoDB)',
    measure: gatewayFigures,
  },
  {
    name: 'rebuild',
    about: 'reading the log, against a raw consumer; rebuilding documents in SQLite and (MongoDB), against live ingest',
    measure: rebuildFigures,
  },
];
