import type { NatsConnection } from '@nats-io/transport-node';
import type { PartState } from '@opensync/platform';
import { gauge, METRIC, readCounter, type Registry } from '@opensync/platform/telemetry';
import { PayloadReads } from '../payloads/payload-reads.ts';
import { crowdingProblem } from '../topology/crowding.ts';
import { Topology } from '../topology/topology.ts';

/** Why large content or streams cannot be read over this connection, by part, in a line each. */
export function contentProblems(nc: NatsConnection): { payloads?: string; streams?: string } {
  const payloads = PayloadReads.of(nc).problem;
  const streams = crowdingProblem(Topology.of(nc)?.streamConsumers ?? []);
  return { ...(payloads && { payloads }), ...(streams && { streams }) };
}

/** `degraded` while reads of large content fail, or while a stream runs out of consumers: everything else goes on. */
export function contentStates(nc: NatsConnection): Readonly<Record<'payloads' | 'streams', PartState>> {
  const problems = contentProblems(nc);
  return { payloads: problems.payloads ? 'degraded' : 'up', streams: problems.streams ? 'degraded' : 'up' };
}

/** Shows how reads of large content end, and how many consumers each stream has. */
export function observeContent(metrics: Registry, nc: NatsConnection): void {
  const reads = PayloadReads.of(nc);
  readCounter(metrics, METRIC.payloadReads, () =>
    Object.entries(reads.totals).map(([outcome, value]) => ({ value, labels: { outcome } })),
  );
  readCounter(metrics, METRIC.payloadBytes, () => [{ value: reads.bytes }]);
  gauge(metrics, METRIC.streamConsumers, () =>
    (Topology.of(nc)?.streamConsumers ?? []).map(({ stream, consumers }) => ({ value: consumers, labels: { stream } })),
  );
}
