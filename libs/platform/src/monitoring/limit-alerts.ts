import { METRIC } from '../telemetry/names.ts';
import type { Alert } from './alert.ts';
import { select, series } from './selectors.ts';

const DAY = 86_400;
const GIB = 1024 ** 3;

/** ACCESS drops its oldest entries instead of rejecting new ones. */
const WRITABLE = { stream: '!="ACCESS"' } as const;
const share = `max by (stream) (${select(METRIC.streamSize, WRITABLE)}) / max by (stream) (${select(METRIC.streamLimit, WRITABLE)})`;
const free = `${select(METRIC.diskFree)} / ${select(METRIC.diskSize)}`;
const expiresIn = `min by (setting) (${select(METRIC.certificateExpiry)}) - time()`;

const stream = (values: string) => [
  series(METRIC.streamSize, { stream: 'EVENTS' }, values),
  series(METRIC.streamLimit, { stream: 'EVENTS' }, '100x60'),
];
const disk = (values: string) => [series(METRIC.diskFree, {}, values), series(METRIC.diskSize, {}, `${100 * GIB}x400`)];

/** What runs out. */
export const LIMIT_ALERTS: readonly Alert[] = [
  {
    name: 'OpenSyncRequestsShed',
    severity: 'warning',
    expr: `sum by (class, reason) (rate(${select(METRIC.shedRequests)}[5m])) > 0.1`,
    for: '10m',
    summary: 'Requests are turned away because there are too many',
    description:
      '{{ $value | humanize }} requests of class {{ $labels.class }} a second are answered 503 for {{ $labels.reason }}. Plugins repeat them.',
    test: { series: [series(METRIC.shedRequests, { class: 'batch', reason: 'load' }, '0+600x60')], minutes: 20 },
  },
  {
    name: 'OpenSyncStreamFull',
    severity: 'warning',
    expr: `${share} > 0.8`,
    for: '15m',
    summary: 'A stream of the log nears its limit',
    description:
      '{{ $labels.stream }} holds {{ $value | humanizePercentage }} of what it may. At the limit every write is answered 503.',
    test: { series: stream('85x60'), minutes: 20 },
  },
  {
    name: 'OpenSyncStreamFull',
    severity: 'critical',
    expr: `${share} > 0.95`,
    for: '5m',
    summary: 'A stream of the log is almost full',
    description:
      '{{ $labels.stream }} holds {{ $value | humanizePercentage }} of what it may. At the limit every write is answered 503.',
    test: { series: stream('97x60'), minutes: 10 },
  },
  {
    name: 'OpenSyncDiskFull',
    severity: 'warning',
    expr: `${free} < 0.15 or predict_linear(${select(METRIC.diskFree)}[6h], ${DAY}) < 0`,
    for: '30m',
    summary: 'The disk of the data folder fills up',
    description: 'Less than 15 % of the disk is free, or at the rate of the last six hours it is full within a day.',
    test: { series: disk(`${60 * GIB}-${0.1 * GIB}x390`), minutes: 380 },
  },
  {
    name: 'OpenSyncDiskFull',
    severity: 'critical',
    expr: `${free} < 0.05 or ${select(METRIC.diskFree)} < ${256 * 1024 ** 2}`,
    for: '2m',
    summary: 'The disk of the data folder is almost full',
    description: 'Writes stop at a reserve of 64 MiB, or 5 % of a small disk, and are then answered 503.',
    test: { series: disk(`${4 * GIB}x60`), minutes: 5 },
  },
  {
    name: 'OpenSyncVolumeFull',
    severity: 'warning',
    // Of the kubelet: NATS and the stores have volumes that no process of OpenSync sees.
    expr: 'kubelet_volume_stats_available_bytes{persistentvolumeclaim=~".*(opensync|nats).*"} / kubelet_volume_stats_capacity_bytes{persistentvolumeclaim=~".*(opensync|nats).*"} < 0.15',
    for: '15m',
    summary: 'A volume of the log or of a store fills up',
    description: '{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} free.',
    test: {
      series: ['available', 'capacity'].map((what, at) => ({
        series: `kubelet_volume_stats_${what}_bytes{namespace="sync",persistentvolumeclaim="data-opensync-nats-0"}`,
        values: `${[10, 100][at]}x60`,
      })),
      minutes: 20,
    },
  },
  {
    name: 'OpenSyncStreamConsumers',
    severity: 'warning',
    expr: `max by (stream) (${select(METRIC.streamConsumers)}) > 800`,
    for: '10m',
    summary: 'A stream runs out of consumers',
    description: '{{ $labels.stream }} has {{ $value }} consumers; nats-server creates no more than 1,000.',
    test: { series: [series(METRIC.streamConsumers, { stream: 'EVENTS' }, '900x60')], minutes: 15 },
  },
  {
    name: 'OpenSyncCertificateExpiring',
    severity: 'warning',
    expr: `${expiresIn} < ${21 * DAY}`,
    for: '1h',
    summary: 'A TLS certificate expires soon',
    description: 'The certificate of {{ $labels.setting }} expires in {{ $value | humanizeDuration }}.',
    test: { series: [series(METRIC.certificateExpiry, { setting: 'NATS_URL' }, `${20 * DAY}x100`)], minutes: 70 },
  },
  {
    name: 'OpenSyncCertificateExpiring',
    severity: 'critical',
    expr: `${expiresIn} < ${3 * DAY}`,
    for: '5m',
    summary: 'A TLS certificate is about to expire',
    description:
      'The certificate of {{ $labels.setting }} expires in {{ $value | humanizeDuration }}; then nothing connects any more.',
    test: { series: [series(METRIC.certificateExpiry, { setting: 'NATS_URL' }, `${2 * DAY}x100`)], minutes: 10 },
  },
];
