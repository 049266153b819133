export { counter, createRegistry, gauge, histogram, readCounter, Registry, timed, type Reading } from './metrics.ts';
export { observeCertificates } from './certificates.ts';
export { observeDisk } from './disk.ts';
export { ATTRIBUTE, FIELD, METRIC, SPAN, type MetricDefinition, type Outcome } from './names.ts';
export { totalsOf, type Total } from './totals.ts';
export { startTracing, TRACING_SETTINGS } from './start-tracing.ts';
export {
  contextOf,
  currentTraceparent,
  inSpan,
  isTracing,
  linksTo,
  SpanKind,
  startSpan,
  within,
  type SpanStart,
} from './tracing.ts';
