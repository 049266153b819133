import { jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream';
import { consumerOfDeadLetter, DLQ_SUBJECTS } from '@opensync/contracts';
import { gauge, METRIC, type Registry } from '@opensync/platform/telemetry';
import type { LogConnection } from '../connection.ts';
import type { ConsumerHealth } from '../consume/batch-consumer.ts';
import { CONSUMER, STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { lagMsOf } from './lag.ts';

/** The metrics collector waits for these; while the log is unavailable they are absent. */
const TIMEOUT_MS = 1000;
/** Two gauges share one answer. */
const FRESH_MS = 500;

/** Shows how far the consumers of this process are behind, what blocks them, and the number of dead letters. */
export function observeBacklog(metrics: Registry, nc: LogConnection, consumers: () => readonly ConsumerHealth[]): void {
  const managerOf = () => jetstreamManager(nc, { checkAPI: false, timeout: TIMEOUT_MS });
  const infos = shared(FRESH_MS, () =>
    orUnavailable(nc, async () => {
      const manager = await managerOf();
      const here = new Set(consumers().map(({ consumer }) => consumer));
      const refs = Object.values(CONSUMER).filter(({ durable }) => here.has(durable));
      // A missing consumer shows no value and hides no other.
      const found = await Promise.allSettled(
        refs.map(({ stream, durable }) => manager.consumers.info(stream, durable)),
      );
      return found.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
    }),
  );
  const reading = (valueOf: (info: ConsumerInfo) => number) => async () =>
    (await infos()).map((info) => ({ value: valueOf(info), labels: { consumer: info.name } }));
  gauge(
    metrics,
    METRIC.consumerPending,
    reading((info) => info.num_pending),
  );
  gauge(
    metrics,
    METRIC.consumerAckPending,
    reading((info) => info.num_ack_pending),
  );
  gauge(metrics, METRIC.consumerLag, async () => {
    const [found, manager] = [await infos(), await managerOf()];
    return Promise.all(
      found.map(async (info) => ({ value: (await lagMsOf(manager, info)) / 1000, labels: { consumer: info.name } })),
    );
  });
  gauge(metrics, METRIC.consumerBlocked, () =>
    consumers().map(({ consumer, blocked }) => ({ value: blocked === undefined ? 0 : 1, labels: { consumer } })),
  );
  gauge(metrics, METRIC.consumerStopped, () =>
    consumers().map(({ consumer, stopped }) => ({ value: stopped === undefined ? 0 : 1, labels: { consumer } })),
  );
  gauge(metrics, METRIC.deadLetters, () =>
    orUnavailable(nc, async () => {
      const manager = await managerOf();
      const { state } = await manager.streams.info(STREAM.deadLetters, { subjects_filter: DLQ_SUBJECTS });
      const letters = Object.entries(state.subjects ?? {});
      return Object.values(CONSUMER).map(({ durable: consumer }) => {
        const own = letters.filter(([subject]) => consumerOfDeadLetter(subject) === consumer);
        return { value: own.reduce((sum, [, count]) => sum + count, 0), labels: { consumer } };
      });
    }),
  );
}

/** `fetch` with an answer that all callers within `freshMs` share. */
function shared<T>(freshMs: number, fetch: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let fetchedAt = -Infinity;
  return () => {
    if (!answer || performance.now() - fetchedAt > freshMs) {
      answer = fetch();
      fetchedAt = performance.now();
    }
    return answer;
  };
}
