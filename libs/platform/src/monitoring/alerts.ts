import { BACKUP_ALERTS } from './backup-alerts.ts';
import { METRIC } from '../telemetry/names.ts';
import type { Alert, AlertGroup } from './alert.ts';
import { LIMIT_ALERTS } from './limit-alerts.ts';
import { perSecond, select, series } from './selectors.ts';
import { burnRateAlerts, SLOS } from './slos.ts';

const SERVICES = ['ingest', 'projector', 'query'] as const;
const missing = (service: string) =>
  `label_replace(absent(${select(METRIC.build, { service: `=~"${service}|opensync"` })}), "missing", "${service}", "", "")`;
const running = (service: string) => series(METRIC.build, { service, version: '1.0.0' }, '1x60');

const PROJECTION_ALERTS: readonly Alert[] = [
  {
    name: 'OpenSyncServiceMissing',
    severity: 'critical',
    expr: SERVICES.map(missing).join('\nor '),
    for: '5m',
    summary: 'No process of a service is scraped',
    description: 'Prometheus sees no {{ $labels.missing }}: it does not run, or its metrics cannot be reached.',
    test: { series: [running('ingest'), running('query')], minutes: 10 },
  },
  {
    name: 'OpenSyncVersionsDiffer',
    severity: 'warning',
    expr: `count(count by (version) (${select(METRIC.build)})) > 1`,
    for: '2h',
    summary: 'Processes of different versions run side by side',
    description: '{{ $value }} versions run for two hours: an upgrade or a rollback stopped half-way.',
    test: {
      series: ['1.0.0', '1.1.0'].map((version) => series(METRIC.build, { service: 'query', version }, '1x200')),
      minutes: 130,
    },
  },
  {
    name: 'OpenSyncEventsUnprojected',
    severity: 'critical',
    expr: `max(${select(METRIC.consumerLag, { consumer: '="documents"' })}) > 300`,
    for: '2m',
    summary: 'Events are stored, but readers do not see them',
    description:
      'The oldest event that is not in the documents was stored {{ $value | humanizeDuration }} ago. Nothing is lost.',
    test: { series: [series(METRIC.consumerLag, { consumer: 'documents' }, '0+60x60')], minutes: 10 },
  },
  {
    name: 'OpenSyncIndexBehind',
    severity: 'warning',
    expr: `max by (consumer) (${select(METRIC.consumerLag, { consumer: '=~"search|vectors"' })}) > 900`,
    for: '10m',
    summary: 'An index is behind the documents',
    description:
      'The oldest change that {{ $labels.consumer }} does not have was announced {{ $value | humanizeDuration }} ago.',
    test: { series: [series(METRIC.consumerLag, { consumer: 'vectors' }, '0+60x60')], minutes: 40 },
  },
  {
    name: 'OpenSyncConsumerBlocked',
    severity: 'warning',
    expr: `max by (consumer) (${select(METRIC.consumerBlocked)}) == 1`,
    for: '5m',
    summary: 'A projection waits for a store',
    description:
      '{{ $labels.consumer }} cannot proceed because a store or server does not answer, or its consumer is missing.',
    test: { series: [series(METRIC.consumerBlocked, { consumer: 'search' }, '1x60')], minutes: 10 },
  },
  {
    name: 'OpenSyncConsumerStopped',
    severity: 'critical',
    expr: `max by (consumer) (${select(METRIC.consumerStopped)}) == 1`,
    for: '2m',
    summary: 'A projection has stopped: it fails on every message',
    description:
      '{{ $labels.consumer }} fails on every message, or hangs. It tries again every minute; nothing is lost.',
    test: { series: [series(METRIC.consumerStopped, { consumer: 'documents' }, '1x60')], minutes: 5 },
  },
  {
    name: 'OpenSyncDeadLetters',
    severity: 'warning',
    expr: `max by (consumer) (${select(METRIC.deadLetters)}) > 0`,
    for: '15m',
    summary: 'Messages could not be processed',
    description: '{{ $value }} dead letters of {{ $labels.consumer }} wait for a decision.',
    test: { series: [series(METRIC.deadLetters, { consumer: 'documents' }, '3x60')], minutes: 20 },
  },
  {
    name: 'OpenSyncStoreIncomplete',
    severity: 'warning',
    expr: `max by (store) (${select(METRIC.storeIncomplete)}) == 1`,
    for: '30m',
    summary: 'A store lacks data of the log, or belongs to another log',
    description: '{{ $labels.store }} has not been brought up to date for half an hour.',
    test: { series: [series(METRIC.storeIncomplete, { store: 'search' }, '1x60')], minutes: 35 },
  },
];

const SERVICE_ALERTS: readonly Alert[] = [
  {
    name: 'OpenSyncWritesRejected',
    severity: 'critical',
    expr: `sum by (outcome) (${perSecond(METRIC.publish, { outcome: '!="ok"' })}) > 0\nand on () sum(${perSecond(METRIC.publish, { outcome: '="ok"' })}) == 0`,
    for: '2m',
    summary: 'The log stores no events',
    description:
      'Every write of plugins is answered 503 ({{ $labels.outcome }}). Plugins retry; writes that they give up on are lost.',
    test: {
      series: [
        series(METRIC.publish, { outcome: 'unavailable' }, '0+60x60', { suffix: '_count' }),
        series(METRIC.publish, { outcome: 'ok' }, '500x60', { suffix: '_count' }),
      ],
      minutes: 15,
    },
  },
  {
    name: 'OpenSyncContentUnreadable',
    severity: 'warning',
    expr: `sum by (outcome) (increase(${select(METRIC.payloadReads, { outcome: '!="ok"' })}[15m])) > 0`,
    for: '5m',
    summary: 'Large content cannot be read from the log',
    description:
      'Reads of large content end with {{ $labels.outcome }}; "lost" means that content is missing or damaged.',
    test: { series: [series(METRIC.payloadReads, { outcome: 'lost' }, '0+1x60')], minutes: 15 },
  },
  {
    name: 'OpenSyncEmbeddingFailing',
    severity: 'warning',
    expr: `sum by (model) (${perSecond(METRIC.embed, { outcome: '!="ok"' }, '15m')})\n/ sum by (model) (${perSecond(METRIC.embed, {}, '15m')}) > 0.5`,
    for: '15m',
    summary: 'The embedding model fails',
    description:
      '{{ $value | humanizePercentage }} of the requests to {{ $labels.model }} fail: search finds by words alone.',
    test: {
      series: [
        series(METRIC.embed, { model: 'm', outcome: 'unavailable' }, '0+9x60', { suffix: '_count' }),
        series(METRIC.embed, { model: 'm', outcome: 'ok' }, '0+1x60', { suffix: '_count' }),
      ],
      minutes: 40,
    },
  },
  {
    name: 'OpenSyncAccessLogDropping',
    severity: 'warning',
    expr: `sum(increase(${select(METRIC.accessEntriesDropped)}[15m])) > 0`,
    for: '5m',
    summary: 'Requests are missing in the API access log',
    description: 'The event log did not take {{ $value | humanize }} entries within 15 minutes.',
    test: { series: [series(METRIC.accessEntriesDropped, {}, '0+5x60')], minutes: 15 },
  },
  {
    name: 'OpenSyncFailedLogins',
    severity: 'warning',
    expr: `sum(rate(${select(METRIC.failedLogins)}[10m])) * 60 > 30`,
    for: '10m',
    summary: 'Many requests have wrong keys or logins',
    description:
      '{{ $value | humanize }} refused credentials a minute: somebody guesses, or a revoked key is still in use.',
    test: { series: [series(METRIC.failedLogins, { kind: 'key' }, '0+60x60')], minutes: 30 },
  },
  {
    name: 'OpenSyncJobsLate',
    severity: 'warning',
    expr: `max by (task) (${select(METRIC.jobLate)}) > 900`,
    for: '5m',
    summary: 'A scheduled job has not run',
    description: 'The job {{ $labels.task }} is {{ $value | humanizeDuration }} late.',
    test: { series: [series(METRIC.jobLate, { task: 'wrapped' }, '0+60x60')], minutes: 25 },
  },
];

/** Every alert: the rules, their tests, the chart's PrometheusRule and the runbooks follow this table. */
export const ALERT_GROUPS: readonly AlertGroup[] = [
  { name: 'opensync-slos', alerts: SLOS.flatMap(burnRateAlerts) },
  { name: 'opensync-projections', alerts: PROJECTION_ALERTS },
  { name: 'opensync-services', alerts: SERVICE_ALERTS },
  { name: 'opensync-limits', alerts: LIMIT_ALERTS },
  { name: 'opensync-backups', alerts: BACKUP_ALERTS },
];

export const ALERTS: readonly Alert[] = ALERT_GROUPS.flatMap(({ alerts }) => alerts);
