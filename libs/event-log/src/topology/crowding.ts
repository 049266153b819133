import type { StreamInfo } from '@nats-io/jetstream';

/** How many consumers a stream has. */
export interface StreamConsumers {
  readonly stream: string;
  readonly consumers: number;
  /** Beyond this the server makes no more. */
  readonly limit: number;
}

/** What nats-server 2.15 takes for a stream whose own limit is not set; earlier ones take any number. */
const DEFAULT_LIMIT = 1000;
/** The share of the limit from which it is soon reached. */
const NEAR = 0.8;

export function consumersOf({ config, state }: Pick<StreamInfo, 'config' | 'state'>): StreamConsumers {
  const { name: stream, max_consumers: own } = config;
  return { stream, consumers: state.consumer_count, limit: own > 0 ? own : DEFAULT_LIMIT };
}

/** Why reads from a stream will fail soon, or do already, in one line; undefined if they will not. */
export function crowdingProblem(streams: readonly StreamConsumers[]): string | undefined {
  const crowded = streams.filter(({ consumers, limit }) => consumers >= NEAR * limit);
  if (crowded.length === 0) return undefined;
  const each = crowded.map(({ stream, consumers, limit }) => `${stream} has ${consumers} of at most ${limit}`);
  return `streams run out of consumers: ${each.join(', ')}`;
}
