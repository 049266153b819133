import {
  ATTRIBUTE,
  histogram,
  inSpan,
  isTracing,
  METRIC,
  SPAN,
  SpanKind,
  timed,
  type Registry,
} from '@opensync/platform/telemetry';
import type { StoreName } from './description.ts';

/** Runs an operation of a store. */
export type Observe = <T>(operation: string, run: () => Promise<T>) => Promise<T>;

/** Measures each operation of a store, as a span of its own while traces are exported. Without metrics it only runs them. */
export function storeObserver(name: StoreName, metrics: Registry | undefined): Observe {
  if (!metrics) return (_operation, run) => run();
  const durations = histogram(metrics, METRIC.storeOperation);
  const measured: Observe = (operation, run) =>
    timed(run, (outcome, seconds) => durations.observe({ store: name, operation, outcome }, seconds));
  if (!isTracing()) return measured;
  return (operation, run) => {
    const attributes = { [ATTRIBUTE.store]: name, [ATTRIBUTE.operation]: operation };
    return inSpan(SPAN.store(name, operation), { kind: SpanKind.CLIENT, attributes }, () => measured(operation, run));
  };
}
