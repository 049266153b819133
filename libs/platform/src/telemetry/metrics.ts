import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type Metric } from 'prom-client';
import { isRetryable } from '../errors.ts';
import { VERSION } from '../version.ts';
import { METRIC, type MetricDefinition, type Outcome } from './names.ts';

export { Registry } from 'prom-client';

/** A registry with the metrics of this process. @param service its name, such as `ingest` */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  gauge(registry, METRIC.build, () => [{ value: 1, labels: { service, version: VERSION } }]);
  return registry;
}

/** The histogram of this definition in the registry; several callers may share it. */
export function histogram<Label extends string>(
  registry: Registry,
  definition: MetricDefinition<Label>,
): Histogram<Label> {
  return existing(registry, definition) ?? new Histogram({ ...options(registry, definition) });
}

/** As histogram. */
export function counter<Label extends string>(registry: Registry, definition: MetricDefinition<Label>): Counter<Label> {
  return existing(registry, definition) ?? new Counter(options(registry, definition));
}

/**
 * A gauge that is read when it is shown. A failing `read` shows nothing: no value is better than an outdated one.
 * @param read returns each value with its labels
 */
export function gauge<Label extends string>(
  registry: Registry,
  definition: MetricDefinition<Label>,
  read: () => Reading<Label>[] | Promise<Reading<Label>[]>,
): void {
  new Gauge({
    ...options(registry, definition),
    async collect() {
      const readings = await (async () => read())().catch(() => []);
      this.reset();
      // A gauge without labels is 0 again after a reset.
      if (readings.length === 0 && definition.labels.length === 0) this.remove();
      for (const { value, labels } of readings) this.set((labels ?? {}) as Record<Label, string>, value);
    },
  });
}

/** As gauge, for totals that only grow while the process runs. */
export function readCounter<Label extends string>(
  registry: Registry,
  definition: MetricDefinition<Label>,
  read: () => Reading<Label>[],
): void {
  new Counter({
    ...options(registry, definition),
    collect() {
      this.reset();
      for (const { value, labels } of read()) this.inc((labels ?? {}) as Record<Label, string>, value);
    },
  });
}

export interface Reading<Label extends string = never> {
  readonly value: number;
  readonly labels?: Readonly<Record<Label, string>>;
}

/** Runs the work and reports its outcome and duration in seconds. */
export async function timed<T>(work: () => Promise<T>, done: (outcome: Outcome, seconds: number) => void): Promise<T> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    const result = await work();
    done('ok', seconds());
    return result;
  } catch (error) {
    done(isRetryable(error) ? 'unavailable' : 'error', seconds());
    throw error;
  }
}

function existing<M extends Metric>(registry: Registry, { name }: MetricDefinition<string>): M | undefined {
  return registry.getSingleMetric(name) as M | undefined;
}

function options<Label extends string>(registry: Registry, { name, help, labels, buckets }: MetricDefinition<Label>) {
  return { name, help, labelNames: [...labels], registers: [registry], ...(buckets && { buckets: [...buckets] }) };
}
