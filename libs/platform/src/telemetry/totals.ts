import type { Registry } from 'prom-client';
import { METRIC } from './names.ts';

/** A number that a process has counted, or measures now. */
export interface Total {
  /** As `/metrics` shows it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Those that a report needs: reading the others would ask the log and the stores. */
const REPORTED = [
  METRIC.httpRequest,
  METRIC.publishedEvents,
  METRIC.oddValues,
  METRIC.batchSize,
  METRIC.batchDuration,
  METRIC.foldConflicts,
  METRIC.payloadReads,
  METRIC.accessEntriesDropped,
  METRIC.liveStreams,
  METRIC.storeOperation,
  METRIC.embed,
  METRIC.embedRefusedTexts,
  METRIC.embedTexts,
  METRIC.embedTokens,
  METRIC.embedCost,
] as const;
const IS_BUCKET = /_bucket$/;

/** What the process has counted since it started. A histogram gives its count and its sum, without its buckets. */
export async function totalsOf(registry: Registry): Promise<Total[]> {
  const found = REPORTED.map(({ name }) => registry.getSingleMetric(name)?.get());
  const metrics = (await Promise.all(found)).filter((metric) => metric !== undefined);
  return metrics.flatMap(({ name, values }) =>
    values
      .map(({ metricName = name, labels, value }: { metricName?: string; labels: object; value: number }) => {
        return { name: metricName, labels: labels as Total['labels'], value };
      })
      .filter((total) => !IS_BUCKET.test(total.name)),
  );
}
