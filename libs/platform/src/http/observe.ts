import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logger.ts';
import {
  ATTRIBUTE,
  contextOf,
  FIELD,
  histogram,
  isTracing,
  METRIC,
  SpanKind,
  startSpan,
  within,
  type Registry,
} from '../telemetry/index.ts';
import { SpanStatusCode, type Context, type Span } from '@opentelemetry/api';

/** Machines request these every few seconds; their log lines would drown the others. */
const UNTRACED: ReadonlySet<string> = new Set(['/health', '/livez', '/readyz', '/metrics']);

/** For paths without a route: one label for all of them. */
const NO_ROUTE = 'none';

/**
 * Measures each request until its answer is sent or its connection is gone: a metric by route, a log line (level
 * info), and, if tracing is on, a span that continues the caller's `traceparent` and contains the handler's work.
 */
export function observeRequests(
  instance: FastifyInstance,
  { logger, metrics }: { readonly logger: Logger; readonly metrics?: Registry | undefined },
): void {
  const durations = metrics && histogram(metrics, METRIC.httpRequest);
  const tracing = isTracing();
  const logs = logger.isLevelEnabled('info');
  if (!durations && !tracing && !logs) return;

  const traces = new WeakMap<FastifyRequest, { span: Span; context: Context }>();
  instance.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    const route = request.routeOptions.url ?? NO_ROUTE;
    const trace = tracing && !UNTRACED.has(route) ? startTrace(request, route) : undefined;
    if (trace) traces.set(request, trace);
    // Emitted once, for sent answers and for aborted connections.
    reply.raw.once('close', () => {
      const ms = performance.now() - startedAt;
      const { method } = request;
      const status = String(reply.statusCode);
      durations?.observe({ method, route, status }, ms / 1000);
      if (trace) endTrace(trace.span, request, reply);
      if (logs && !UNTRACED.has(route)) {
        logger.info(
          {
            [FIELD.requestId]: request.id,
            [FIELD.traceId]: trace?.span.spanContext().traceId,
            [FIELD.method]: method,
            [FIELD.route]: route,
            [FIELD.status]: reply.statusCode,
            [FIELD.durationMs]: Math.round(ms),
            [FIELD.keyId]: request.principal?.keyId,
            [FIELD.sequence]: request.writtenSequence || undefined,
          },
          'request',
        );
      }
    });
    done();
  });
  if (!tracing) return;
  // Here, because a body arrives in the context of its connection: a context entered earlier would be lost.
  instance.addHook('preValidation', (request, _reply, done) => {
    const trace = traces.get(request);
    if (trace) within(trace.context, done);
    else done();
  });
}

function startTrace(request: FastifyRequest, route: string): { span: Span; context: Context } {
  const { traceparent } = request.headers;
  return startSpan(`${request.method} ${route}`, {
    kind: SpanKind.SERVER,
    parent: contextOf(typeof traceparent === 'string' ? traceparent : undefined),
    attributes: { [ATTRIBUTE.method]: request.method, [ATTRIBUTE.route]: route },
  });
}

function endTrace(span: Span, request: FastifyRequest, reply: FastifyReply): void {
  span.setAttribute(ATTRIBUTE.status, reply.statusCode);
  span.setAttribute(ATTRIBUTE.requestId, request.id);
  if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
