import type { MetricDefinition } from '../telemetry/names.ts';
import { select, type Matchers } from './selectors.ts';

/** Units as Grafana names them. */
type Unit = 'short' | 's' | 'bytes' | 'reqps' | 'ops' | 'percentunit' | 'dateTimeAsIso' | 'currencyUSD';

export interface Panel {
  readonly title: string;
  /** What a reader should conclude from it. */
  readonly description: string;
  readonly unit: Unit;
  readonly kind?: 'timeseries' | 'stat';
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

export interface Dashboard {
  /** Of its file and its address in Grafana. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
}

const WINDOW = '$__rate_interval';

/** Requests, events or operations a second, by a label. */
export function rateBy<Label extends string>(
  metric: MetricDefinition<Label>,
  by: NoInfer<Label> | undefined,
  matchers: Matchers<NoInfer<Label>> = {},
): string {
  const counted = select(metric, matchers, metric.buckets ? '_count' : '');
  return `sum${by ? ` by (${by})` : ''} (rate(${counted}[${WINDOW}]))`;
}

/** A quantile of a histogram, by a label. */
export function quantile<Label extends string>(
  share: number,
  metric: MetricDefinition<Label>,
  by: NoInfer<Label> | undefined,
  matchers: Matchers<NoInfer<Label>> = {},
): string {
  const labels = ['le', ...(by ? [by] : [])].join(', ');
  return `histogram_quantile(${share}, sum by (${labels}) (rate(${select(metric, matchers, '_bucket')}[${WINDOW}])))`;
}

/** All replicas report the same: the largest value. */
export function largest<Label extends string>(
  metric: MetricDefinition<Label>,
  by?: NoInfer<Label>,
  matchers: Matchers<NoInfer<Label>> = {},
): string {
  return `max${by ? ` by (${by})` : ''} (${select(metric, matchers)})`;
}

/** Memory and event loop of processes: prom-client's own metrics, by pod or instance. */
export function processPanels(service: string): Panel[] {
  const here = `and on (instance) opensync_build_info{service=~"${service}|opensync"}`;
  return [
    {
      title: 'Memory',
      description: 'Resident memory of each process. It should level off well below the limit of its container.',
      unit: 'bytes',
      queries: [{ expr: `process_resident_memory_bytes ${here}`, legend: '{{instance}}' }],
    },
    {
      title: 'Event loop lag',
      description: 'How late timers run. Above a tenth of a second the process has too little processor time.',
      unit: 's',
      queries: [{ expr: `nodejs_eventloop_lag_p99_seconds ${here}`, legend: '{{instance}}' }],
    },
  ];
}
