import type { PartState } from '@opensync/platform';
import { gauge, METRIC, readCounter, type Registry } from '@opensync/platform/telemetry';
import type { LogConnection } from '../connection.ts';
import { crowdingProblem } from '../topology/crowding.ts';

/** Why large content or streams cannot be read over this connection, one line per part. */
export function contentProblems(nc: LogConnection): { payloads?: string; streams?: string } {
  const payloads = nc.payloads.reads.problem;
  const streams = crowdingProblem(nc.topology?.streamConsumers ?? []);
  return { ...(payloads && { payloads }), ...(streams && { streams }) };
}

/** `degraded` while reads of large content fail, or while a stream runs out of consumers: everything else works. */
export function contentStates(nc: LogConnection): Readonly<Record<'payloads' | 'streams', PartState>> {
  const problems = contentProblems(nc);
  return { payloads: problems.payloads ? 'degraded' : 'up', streams: problems.streams ? 'degraded' : 'up' };
}

/** Shows the outcomes of reads of large content, and size and number of consumers of each stream. */
export function observeContent(metrics: Registry, nc: LogConnection): void {
  const reads = nc.payloads.reads;
  readCounter(metrics, METRIC.payloadReads, () =>
    Object.entries(reads.totals).map(([outcome, value]) => ({ value, labels: { outcome } })),
  );
  readCounter(metrics, METRIC.payloadBytes, () => [{ value: reads.bytes }]);
  gauge(metrics, METRIC.streamSize, () =>
    (nc.topology?.streamSizes ?? []).map(({ stream, bytes }) => ({ value: bytes, labels: { stream } })),
  );
  gauge(metrics, METRIC.streamLimit, () =>
    (nc.topology?.streamSizes ?? []).flatMap(({ stream, limit }) =>
      limit === undefined ? [] : [{ value: limit, labels: { stream } }],
    ),
  );
  gauge(metrics, METRIC.streamConsumers, () =>
    (nc.topology?.streamConsumers ?? []).map(({ stream, consumers }) => ({ value: consumers, labels: { stream } })),
  );
}
