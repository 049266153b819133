import type { StreamInfo } from '@nats-io/jetstream';

/** How many consumers a stream has. */
export interface StreamConsumers {
  readonly stream: string;
  readonly consumers: number;
  /** Beyond this the server creates no more. */
  readonly limit: number;
}

/** The limit of nats-server 2.15 for a stream without its own limit; earlier versions have none. */
const DEFAULT_LIMIT = 1000;
/** The share of the limit that counts as nearly reached. */
const NEAR = 0.8;

export function consumersOf({ config, state }: Pick<StreamInfo, 'config' | 'state'>): StreamConsumers {
  const { name: stream, max_consumers: own } = config;
  return { stream, consumers: state.consumer_count, limit: own > 0 ? own : DEFAULT_LIMIT };
}

/** Why reads from a stream fail or will soon fail, in one line; undefined if they will not. */
export function crowdingProblem(streams: readonly StreamConsumers[]): string | undefined {
  const crowded = streams.filter(({ consumers, limit }) => consumers >= NEAR * limit);
  if (crowded.length === 0) return undefined;
  const each = crowded.map(({ stream, consumers, limit }) => `${stream} has ${consumers} of at most ${limit}`);
  return `streams run out of consumers: ${each.join(', ')}`;
}
