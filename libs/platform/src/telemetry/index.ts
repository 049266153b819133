export { counter, createRegistry, gauge, histogram, readCounter, Registry, timed, type Reading } from './metrics.ts';
export { ATTRIBUTE, FIELD, METRIC, SPAN, type MetricDefinition, type Outcome } from './names.ts';
export { startTracing, TRACING_SETTINGS } from './start-tracing.ts';
export {
  contextOf,
  currentTraceId,
  currentTraceparent,
  failSpan,
  inSpan,
  isTracing,
  linksTo,
  SpanKind,
  startSpan,
  within,
  type SpanStart,
} from './tracing.ts';
