import { HEADER } from '@opensync/contracts';
import type { Logger } from '@opensync/platform';
import {
  ATTRIBUTE,
  contextOf,
  FIELD,
  histogram,
  inSpan,
  isTracing,
  linksTo,
  METRIC,
  SPAN,
  SpanKind,
  timed,
  type Registry,
} from '@opensync/platform/telemetry';
import type { BatchHandler, BatchOutcome } from '../consume/batch-consumer.ts';
import type { Delivery } from '../consume/delivery.ts';
import type { ConsumerRef } from '../topology/names.ts';

/** Collectors limit the links per span; the first messages of a large batch represent all of it. */
const MAX_LINKS = 128;

/**
 * A handler whose batches are measured, logged (level debug), and traced as a span each. A batch from one request
 * belongs to its trace; a batch from several requests has its own trace that links to all of them.
 */
export function observedHandler(
  { stream, durable: consumer }: ConsumerRef,
  handler: BatchHandler,
  { metrics, logger }: { readonly metrics: Registry; readonly logger: Logger },
): BatchHandler {
  const sizes = histogram(metrics, METRIC.batchSize);
  const durations = histogram(metrics, METRIC.batchDuration);
  const freshness = histogram(metrics, METRIC.freshness);
  const observeFreshness = (batch: readonly Delivery[], { poison, retry, unfinished }: BatchOutcome) => {
    const now = Date.now();
    const notDone = new Set([
      ...(poison ?? []).map(({ delivery }) => delivery),
      ...(retry ?? []),
      ...(unfinished ?? []),
    ]);
    for (const delivery of batch) {
      if (delivery.storedAt === undefined || notDone.has(delivery)) continue;
      freshness.observe({ consumer }, Math.max(0, now - delivery.storedAt) / 1000);
    }
  };
  const tracing = isTracing();
  const measured: BatchHandler = (batch, context) => {
    sizes.observe({ consumer }, batch.length);
    return timed(
      async () => {
        const outcome = await handler(batch, context);
        observeFreshness(batch, outcome);
        return outcome;
      },
      (outcome, seconds) => {
        durations.observe({ consumer, outcome }, seconds);
        if (!logger.isLevelEnabled('debug')) return;
        logger.debug(
          {
            [FIELD.consumer]: consumer,
            [FIELD.batchSize]: batch.length,
            [FIELD.firstSequence]: batch[0]?.sequence,
            [FIELD.lastSequence]: batch.at(-1)?.sequence,
            [FIELD.durationMs]: Math.round(seconds * 1000),
            outcome,
          },
          'batch',
        );
      },
    );
  };
  if (!tracing) return measured;
  return (batch, context) => {
    const origins = originsOf(batch);
    const [only] = origins.size === 1 ? origins : [];
    const start = {
      kind: SpanKind.CONSUMER,
      parent: contextOf(only),
      links: linksTo([...origins].slice(0, MAX_LINKS)),
      attributes: {
        [ATTRIBUTE.messagingSystem]: 'nats',
        [ATTRIBUTE.destination]: stream,
        [ATTRIBUTE.consumer]: consumer,
        [ATTRIBUTE.batchSize]: batch.length,
        [ATTRIBUTE.firstSequence]: batch[0]?.sequence,
        [ATTRIBUTE.lastSequence]: batch.at(-1)?.sequence,
      },
    };
    return inSpan(SPAN.process(consumer), start, () => measured(batch, context));
  };
}

function originsOf(batch: readonly Delivery[]): ReadonlySet<string> {
  const origins = new Set<string>();
  for (const delivery of batch) {
    const traceparent = delivery.header(HEADER.traceparent);
    if (traceparent) origins.add(traceparent);
  }
  return origins;
}
