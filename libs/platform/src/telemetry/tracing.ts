import {
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanKind,
} from '@opentelemetry/api';

export { SpanKind } from '@opentelemetry/api';

const PROBE = createContextKey('opensync tracing probe');
const TRACEPARENT = 'traceparent';

/** Whether spans are recorded in this process: a context manager must be registered. */
export function isTracing(): boolean {
  return context.with(ROOT_CONTEXT.setValue(PROBE, true), () => context.active().getValue(PROBE) === true);
}

export interface SpanStart {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: Link[];
  /** Default: the current one. */
  readonly parent?: Context;
  /** Milliseconds since the epoch; default: now. */
  readonly startTime?: number;
}

/** Runs the work as a span, which fails if the work does. Costs almost nothing if nobody records. */
export function inSpan<T>(name: string, start: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
  const { parent = context.active(), ...options } = start;
  return trace.getTracer('opensync').startActiveSpan(name, options, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that does not wrap a promise; the caller ends it. Work belongs to it inside `context`. */
export function startSpan(name: string, start: SpanStart): { readonly span: Span; readonly context: Context } {
  const { parent = context.active(), ...options } = start;
  const span = trace.getTracer('opensync').startSpan(name, options, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** Runs `work` so that its spans are children of `within`. */
export function within<T>(inside: Context, work: () => T): T {
  return context.with(inside, work);
}

/** The name of an error is enough: its message may quote a client's text. */
function failSpan(span: Span, error: unknown): void {
  const { name } = error instanceof Error ? error : { name: 'unknown' };
  span.setStatus({ code: SpanStatusCode.ERROR, message: name });
}

/** The current span as a W3C `traceparent`, to be sent with a message; undefined if there is none. */
export function currentTraceparent(): string | undefined {
  if (!trace.getActiveSpan()) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier[TRACEPARENT];
}

/** The context of a received `traceparent`; empty if it is missing or malformed. */
export function contextOf(traceparent: string | undefined): Context {
  if (traceparent === undefined) return ROOT_CONTEXT;
  return propagation.extract(ROOT_CONTEXT, { [TRACEPARENT]: traceparent });
}

/** The spans that these `traceparent`s name, as links: for work on behalf of several requests at once. */
export function linksTo(traceparents: Iterable<string>): Link[] {
  const links: Link[] = [];
  for (const traceparent of traceparents) {
    const linked = trace.getSpanContext(contextOf(traceparent));
    if (linked) links.push({ context: linked });
  }
  return links;
}
