import { context, propagation, trace } from '@opentelemetry/api';
import type { Settings } from '../config.ts';

/** The settings of tracing. The exporter also reads the other OTEL_EXPORTER_OTLP_* variables, e.g. for headers. */
export const TRACING_SETTINGS = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OPENSYNC_TRACE_RATIO',
] as const satisfies (keyof Settings)[];

const EXPORT_MS = 3000;

/**
 * Starts to record spans and send them to the collector, if the settings name one; resolves with a function that
 * stops it after sending the last spans. Libraries only know the API of OpenTelemetry, which does nothing until then.
 */
export async function startTracing(
  settings: Pick<Settings, (typeof TRACING_SETTINGS)[number]>,
  service: string,
): Promise<(() => Promise<void>) | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OPENSYNC_TRACE_RATIO: ratio } = settings;
  if (endpoint === undefined) return undefined;
  // Loaded only here: most installations never trace.
  const [sdk, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, { W3CTraceContextPropagator }, resources] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_MS,
  });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': service }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis: 1000, exportTimeoutMillis: EXPORT_MS }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}
