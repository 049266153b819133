import { CLIENT_WENT_AWAY, ownerOf, type AccessEntry, type Owner, type Principal } from '@opensync/contracts';
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

/** Where the requests of known callers are logged for them; it must neither wait nor throw. */
export interface AccessSink {
  record(owner: Owner, entry: AccessEntry): void;
}

/** For paths without a route: one label for all of them. */
const NO_ROUTE = 'none';

/**
 * Measures each request until its answer is sent or its connection is gone: a metric by route, a log line (level
 * info), an entry in its caller's access log, and, if tracing is on, a span that continues the caller's `traceparent` and contains the handler's work. That of a caller
 * without a key is ignored: it would decide for us which requests are traced.
 */
export function observeRequests(
  instance: FastifyInstance,
  {
    logger,
    metrics,
    accessLog,
  }: {
    readonly logger: Logger;
    readonly metrics?: Registry | undefined;
    readonly accessLog?: AccessSink | undefined;
  },
): void {
  const durations = metrics && histogram(metrics, METRIC.httpRequest);
  const tracing = isTracing();
  const logs = logger.isLevelEnabled('info');
  if (!durations && !tracing && !logs && !accessLog) return;

  const arrivals = new WeakMap<FastifyRequest, number>();
  const traces = new WeakMap<FastifyRequest, { span: Span; context: Context }>();
  instance.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    const route = request.routeOptions.url ?? NO_ROUTE;
    const arrivedAt = Date.now();
    const traced = tracing && !UNTRACED.has(route);
    if (traced) arrivals.set(request, arrivedAt);
    // Emitted once, for sent answers and for aborted connections.
    reply.raw.on('close', () => {
      const ms = performance.now() - startedAt;
      const { method } = request;
      const status = String(reply.statusCode);
      durations?.observe({ method, route, status }, ms / 1000);
      // A request that was refused before its body was read has not begun one.
      const trace = traced ? (traces.get(request) ?? startTrace(request, { route, arrivedAt })) : undefined;
      if (trace) endTrace(trace.span, request, reply);
      const { principal } = request;
      if (principal) accessLog?.record(ownerOf(principal), accessEntryOf(request, reply, { principal, route, ms }));
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
  // Here, because the caller is known, and because a body arrives in the context of its connection: a context entered earlier would
  // be lost.
  instance.addHook('preValidation', (request, _reply, done) => {
    const arrivedAt = arrivals.get(request);
    if (arrivedAt === undefined) return done();
    const trace = startTrace(request, { route: request.routeOptions.url ?? NO_ROUTE, arrivedAt });
    traces.set(request, trace);
    within(trace.context, done);
  });
}

function accessEntryOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { principal, route, ms }: { principal: Principal; route: string; ms: number },
): AccessEntry {
  return {
    requestId: request.id,
    at: Date.now(),
    method: request.method,
    route,
    status: reply.raw.writableFinished ? reply.statusCode : CLIENT_WENT_AWAY,
    durationMs: Math.round(ms * 10) / 10,
    keyId: principal.keyId,
    keyHint: principal.keyHint,
    ...(request.writtenSequence > 0 && { sequence: request.writtenSequence }),
    ...(request.target && { target: request.target }),
  };
}

function startTrace(
  request: FastifyRequest,
  { route, arrivedAt }: { route: string; arrivedAt: number },
): { span: Span; context: Context } {
  const { traceparent } = request.headers;
  const isTrusted = request.principal !== null && typeof traceparent === 'string';
  return startSpan(`${request.method} ${route}`, {
    kind: SpanKind.SERVER,
    startTime: arrivedAt,
    parent: contextOf(isTrusted ? traceparent : undefined),
    attributes: { [ATTRIBUTE.method]: request.method, [ATTRIBUTE.route]: route },
  });
}

function endTrace(span: Span, request: FastifyRequest, reply: FastifyReply): void {
  span.setAttribute(ATTRIBUTE.status, reply.statusCode);
  span.setAttribute(ATTRIBUTE.requestId, request.id);
  if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
