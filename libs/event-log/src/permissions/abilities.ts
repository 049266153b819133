import type { ConsumerRef } from '../topology/names.ts';
import { CONSUMER_SPECIFICATIONS } from '../topology/specifications.ts';

/** Subjects that a user of the log may publish to and subscribe to. A denied subject counts more than an allowed one. */
export interface Ability {
  readonly publish?: readonly string[];
  readonly deny?: readonly string[];
  readonly subscribe?: readonly string[];
  /** Requests that it answers: it may publish where the answers to them go, of each user who may ask. */
  readonly answers?: readonly string[];
}

const api = (...tokens: string[]) => ['$JS.API', ...tokens].join('.');

/** The client checks that there is JetStream. */
export const CONNECTS: Ability = { publish: [api('INFO')] };

/** The names, configurations and sizes of all streams. */
export const LISTS_STREAMS: Ability = { publish: [api('STREAM.LIST'), api('STREAM.NAMES')] };

export const publishes = (...subjects: readonly string[]): Ability => ({ publish: subjects });
export const hears = (...subjects: readonly string[]): Ability => ({ subscribe: subjects });
export const answers = (...subjects: readonly string[]): Ability => ({ subscribe: subjects, answers: subjects });

/** The size of a stream, and its messages one at a time, from the leader. */
export const reads = (stream: string): Ability => ({
  publish: [api('STREAM.INFO', stream), api('STREAM.MSG.GET', stream)],
});

/** Its messages, from any replica. */
export const readsDirectly = (stream: string, subjects: string): Ability => ({
  publish: [api('DIRECT.GET', stream), api('DIRECT.GET', stream, subjects)],
});

export const sees = ({ stream, durable }: ConsumerRef): Ability => ({
  publish: [api('CONSUMER.INFO', stream, durable)],
});

/**
 * A consumer of its own for the last messages and all later ones on these subjects; see `stream-watch.ts`. The durable
 * consumers of the stream stay out of reach.
 */
export const watches = (stream: string, subjects: string): Ability => ({
  publish: [api('CONSUMER.CREATE', stream, '*', subjects), api('CONSUMER.DELETE', stream, '*'), flowControl(stream)],
  deny: durablesOf(stream).flatMap((durable) => [
    api('CONSUMER.CREATE', stream, durable, '>'),
    api('CONSUMER.DELETE', stream, durable),
  ]),
});

/** Consumers of its own that begin anywhere; see `read/replay.ts`. */
export const replays = (stream: string, subjects: string): Ability => ({
  publish: [
    api('CONSUMER.CREATE', stream, '*'),
    api('CONSUMER.CREATE', stream, '*', subjects),
    api('CONSUMER.DELETE', stream, '*'),
    api('CONSUMER.MSG.NEXT', stream, '*'),
  ],
  deny: durablesOf(stream).flatMap((durable) => [
    api('CONSUMER.CREATE', stream, durable, '>'),
    api('CONSUMER.DELETE', stream, durable),
  ]),
});

/** The messages of a durable consumer. */
export const consumes = (ref: ConsumerRef): Ability => ({
  publish: [
    ...sees(ref).publish!,
    api('CONSUMER.MSG.NEXT', ref.stream, ref.durable),
    ['$JS.ACK', ref.stream, ref.durable, '>'].join('.'),
  ],
});

/** The metadata of a consumer, which is a part of its configuration. */
export const describes = ({ stream, durable }: ConsumerRef): Ability => ({
  publish: [api('CONSUMER.CREATE', stream, durable)],
});

export const pauses = ({ stream, durable }: ConsumerRef): Ability => ({
  publish: [api('CONSUMER.PAUSE', stream, durable)],
});

/** Durable consumers for a while; see `consume/tail.ts`. */
export const tails = (stream: string): Ability => ({
  publish: [
    ...['CONSUMER.CREATE', 'CONSUMER.INFO', 'CONSUMER.DELETE', 'CONSUMER.MSG.NEXT'].map((call) =>
      api(call, stream, '*'),
    ),
    ['$JS.ACK', stream, '>'].join('.'),
  ],
  deny: durablesOf(stream).flatMap((durable) => [
    api('CONSUMER.CREATE', stream, durable),
    api('CONSUMER.DELETE', stream, durable),
    api('CONSUMER.MSG.NEXT', stream, durable),
    ['$JS.ACK', stream, durable, '>'].join('.'),
  ]),
});

export const writesBucket = (bucket: string): Ability => ({ publish: [`$KV.${bucket}.>`] });
export const deletesMessages = (stream: string): Ability => ({ publish: [api('STREAM.MSG.DELETE', stream)] });
export const purges = (stream: string): Ability => ({ publish: [api('STREAM.PURGE', stream)] });

/** Creates and changes a stream and its durable consumers; it cannot delete the stream. */
export const keeps = (stream: string): Ability => ({
  publish: [
    ...['STREAM.CREATE', 'STREAM.UPDATE'].map((call) => api(call, stream)),
    ...durablesOf(stream).flatMap((durable) =>
      ['CONSUMER.CREATE', 'CONSUMER.DELETE'].map((call) => api(call, stream, durable)),
    ),
  ],
});

function durablesOf(stream: string): string[] {
  return CONSUMER_SPECIFICATIONS.filter(({ ref }) => ref.stream === stream).map(({ ref }) => ref.durable);
}

function flowControl(stream: string): string {
  return `$JS.FC.${stream}.>`;
}
