import {
  counter,
  gauge,
  histogram,
  inSpan,
  isTracing,
  METRIC,
  SPAN,
  SpanKind,
  ATTRIBUTE,
  timed,
  type Registry,
} from '@opensync/platform/telemetry';
import type { EventPublisher } from '../publish/event-publisher.ts';
import { STREAM } from '../topology/names.ts';

/** A publisher whose calls are measured, each with a span that the consumers of the events continue. */
export function observedPublisher(
  publisher: Pick<EventPublisher, 'publish' | 'pending'>,
  metrics: Registry,
): Pick<EventPublisher, 'publish'> {
  const durations = histogram(metrics, METRIC.publish);
  const published = counter(metrics, METRIC.publishedEvents);
  gauge(metrics, METRIC.publishPending, () => [{ value: publisher.pending }]);
  const tracing = isTracing();
  return {
    async publish(events, options) {
      const publish = () =>
        timed(
          () => publisher.publish(events, options),
          (outcome, seconds) => {
            durations.observe({ outcome }, seconds);
            if (outcome === 'ok') published.inc(events.length);
          },
        );
      if (!tracing) return publish();
      const attributes = {
        [ATTRIBUTE.messagingSystem]: 'nats',
        [ATTRIBUTE.destination]: STREAM.events,
        [ATTRIBUTE.batchSize]: events.length,
      };
      return inSpan(SPAN.publish, { kind: SpanKind.PRODUCER, attributes }, publish);
    },
  };
}
