import { METRIC } from '../telemetry/names.ts';
import type { Alert } from './alert.ts';
import { perSecond, select, series, type TestSeries } from './selectors.ts';

/**
 * A share of good outcomes that is promised over 30 days. Its alerts follow the burn rate over two windows: a long one says
 * that enough of the budget is gone, a short one that it still burns.
 */
export interface Slo {
  /** Of its recorded series: `opensync:<name>:bad_ratio_rate5m`. */
  readonly name: string;
  readonly title: string;
  readonly alert: Alert['name'];
  /** Between 0 and 1. */
  readonly objective: number;
  /** The share of bad outcomes within a window, PromQL. */
  readonly badRatio: (window: string) => string;
  /** Series of which this share is bad, for 500 values. */
  readonly testSeries: (badShare: number) => readonly TestSeries[];
}

/** What plugins send. */
const WRITES = { method: '="POST"', route: '=~"/sync/.*"' } as const;
/** Seconds within which a write is to be in what readers see: a bucket of the histogram. */
const FRESH_SECONDS = '10';
const SAMPLES = 500;

export const SLOS: readonly Slo[] = [
  {
    name: 'ingest',
    title: 'Ingest availability: 99.9 % of the writes of plugins are not answered with 5xx',
    alert: 'OpenSyncIngestErrorBudget',
    objective: 0.999,
    badRatio: (window) =>
      `sum(${perSecond(METRIC.httpRequest, { ...WRITES, status: '=~"5.."' }, window)})\n/ sum(${perSecond(METRIC.httpRequest, WRITES, window)})`,
    testSeries: (bad) => {
      const labels = (status: string) => ({ method: 'POST', route: '/sync/message', status });
      const values = (share: number) => `0+${Math.round(share * 100_000)}x${SAMPLES}`;
      return [
        series(METRIC.httpRequest, labels('200'), values(1 - bad), { suffix: '_count' }),
        series(METRIC.httpRequest, labels('503'), values(bad), { suffix: '_count' }),
      ];
    },
  },
  {
    name: 'freshness',
    title: `Freshness: 99 % of the writes are in what readers see within ${FRESH_SECONDS} seconds`,
    alert: 'OpenSyncFreshnessErrorBudget',
    objective: 0.99,
    badRatio: (window) =>
      `1 - sum(rate(${select(METRIC.freshness, { consumer: '="documents"', le: `="${FRESH_SECONDS}"` }, '_bucket')}[${window}]))\n/ sum(${perSecond(METRIC.freshness, { consumer: '="documents"' }, window)})`,
    testSeries: (bad) => {
      const values = (share: number) => `0+${Math.round(share * 100_000)}x${SAMPLES}`;
      const documents = { consumer: 'documents' };
      return [
        series(METRIC.freshness, documents, values(1 - bad), { suffix: '_bucket', le: FRESH_SECONDS }),
        series(METRIC.freshness, documents, values(1), { suffix: '_count' }),
      ];
    },
  },
];

/** Of the budget of 30 days: 2 % in an hour, 5 % in 6 hours; 10 % in a day, and as much in three days. */
const FAST = [
  { rate: 14.4, long: '1h', short: '5m' },
  { rate: 6, long: '6h', short: '30m' },
] as const;
const SLOW = [
  { rate: 3, long: '1d', short: '2h' },
  { rate: 1, long: '3d', short: '6h' },
] as const;

export const SLO_WINDOWS = [...FAST, ...SLOW]
  .flatMap(({ long, short }) => [short, long])
  .filter((one, at, all) => all.indexOf(one) === at);

export const recordedRatio = ({ name }: Pick<Slo, 'name'>, window: string) =>
  `opensync:${name}:bad_ratio_rate${window}`;

/** A page and a ticket for each. */
export function burnRateAlerts(slo: Slo): Alert[] {
  const budget = 1 - slo.objective;
  const number = (rate: number) => Number((rate * budget).toPrecision(6));
  const either = (windows: typeof FAST | typeof SLOW) =>
    windows
      .map(
        ({ rate, long, short }) =>
          `(${recordedRatio(slo, long)} > ${number(rate)} and ${recordedRatio(slo, short)} > ${number(rate)})`,
      )
      .join('\nor\n');
  const common = { name: slo.alert, summary: slo.title };
  return [
    {
      ...common,
      severity: 'critical',
      expr: either(FAST),
      for: '2m',
      description:
        'At this rate the error budget of 30 days is gone within two to five days: {{ $value | humanizePercentage }} of the outcomes are bad.',
      test: { series: slo.testSeries(20 * budget), minutes: 70 },
    },
    {
      ...common,
      severity: 'warning',
      expr: either(SLOW),
      for: '1h',
      description:
        'The error budget of 30 days will not last: {{ $value | humanizePercentage }} of the outcomes are bad.',
      test: { series: slo.testSeries(1.5 * budget), minutes: 4 * 24 * 60 },
      isSlow: true,
    },
  ];
}
