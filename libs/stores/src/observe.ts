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

type Operation = (...args: unknown[]) => Promise<unknown>;

/** The same store, each operation measured and a span of its own. Every method of a store's port is an operation. */
export function observedStore<Store extends object>(name: StoreName, store: Store, metrics: Registry): Store {
  const durations = histogram(metrics, METRIC.storeOperation);
  const tracing = isTracing();
  const observed = (operation: string, run: Operation): Operation => {
    const measured: Operation = (...args) =>
      timed(
        () => run(...args),
        (outcome, seconds) => durations.observe({ store: name, operation, outcome }, seconds),
      );
    if (!tracing) return measured;
    const start = { kind: SpanKind.CLIENT, attributes: { [ATTRIBUTE.store]: name, [ATTRIBUTE.operation]: operation } };
    return (...args) => inSpan(SPAN.store(name, operation), start, () => measured(...args));
  };
  const operations = new Map<PropertyKey, Operation>();
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || typeof property === 'symbol' || property === 'close') return value;
      let operation = operations.get(property);
      if (!operation) {
        operation = observed(property, (value as Operation).bind(target));
        operations.set(property, operation);
      }
      return operation;
    },
  });
}
