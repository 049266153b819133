import type { MetricDefinition } from '../telemetry/names.ts';

/** What a histogram shows besides its name. */
type Suffix = '' | '_bucket' | '_count' | '_sum';
/** Conditions on labels, each with its operator: `{ outcome: '!="ok"' }`. A label that the metric lacks does not compile. */
export type Matchers<Label extends string> = Partial<Record<Label | 'le', string>>;

/** A metric of the table as PromQL selects it. */
export function select<Label extends string>(
  { name }: MetricDefinition<Label>,
  matchers: Matchers<NoInfer<Label>> = {},
  suffix: Suffix = '',
): string {
  const conditions = Object.entries(matchers).map(([label, condition]) => `${label}${String(condition)}`);
  return `${name}${suffix}${conditions.length === 0 ? '' : `{${conditions.join(',')}}`}`;
}

/** Observations of a histogram per second: `rate` of its count. */
export function perSecond<Label extends string>(
  metric: MetricDefinition<Label>,
  matchers: Matchers<NoInfer<Label>> = {},
  window = '5m',
): string {
  return `rate(${select(metric, matchers, '_count')}[${window}])`;
}

/** A series for a unit test of rules, in the notation of promtool: `0+10x60` is 0, 10, 20 …, a value a minute. */
export interface TestSeries {
  readonly series: string;
  readonly values: string;
}

/** A series of the table: labels that the metric lacks, or that are missing, do not compile. */
export function series<Label extends string>(
  metric: MetricDefinition<Label>,
  labels: Readonly<Record<NoInfer<Label>, string>>,
  values: string,
  { suffix = '', le }: { suffix?: Suffix; le?: string } = {},
): TestSeries {
  const all = { ...labels, ...(le !== undefined && { le }), instance: 'one' } as Record<string, string>;
  const list = Object.entries(all).map(([label, value]) => `${label}="${value}"`);
  return { series: `${metric.name}${suffix}{${list.join(',')}}`, values };
}
