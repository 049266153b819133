import { METRIC } from '../telemetry/names.ts';

const HISTOGRAMS = Object.values(METRIC).flatMap(({ name, buckets }: { name: string; buckets?: unknown }) =>
  buckets ? [name] : [],
);

/** The metrics of OpenSync that an expression of PromQL reads, histograms by their own name. */
export function metricsIn(expression: string): string[] {
  const names = [...expression.matchAll(/\bopensync_[a-z0-9_]+/g)].map(([name]) => name);
  return names.map((name) => {
    const of = name.replace(/_(bucket|count|sum)$/, '');
    return HISTOGRAMS.includes(of) ? of : name;
  });
}
