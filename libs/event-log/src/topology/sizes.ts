import type { StreamInfo } from '@nats-io/jetstream';

/** How many bytes a stream holds. */
export interface StreamSize {
  readonly stream: string;
  readonly bytes: number;
  /** The most that it may hold; undefined: as much as the server has room for. */
  readonly limit: number | undefined;
}

export function sizeOf({ config, state }: Pick<StreamInfo, 'config' | 'state'>): StreamSize {
  const { name: stream, max_bytes: limit } = config;
  return { stream, bytes: state.bytes, limit: limit > 0 ? limit : undefined };
}
