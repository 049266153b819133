import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import type { Logger } from '@opensync/platform';
import { backoffMs } from '@opensync/platform';
import { isStreamNotFound, isConsumerNotFound } from '../jetstream-codes.ts';
import type { LogConnection } from '../connection.ts';
import type { Link } from '../link.ts';
import { consumersOf, type StreamConsumers } from './crowding.ts';
import {
  CONSUMER,
  GENERATION_BUCKET,
  KEY_BUCKET,
  LOGIN_BUCKET,
  STREAM,
  type ConsumerRef,
  PREFERENCE_BUCKET,
} from './names.ts';
import { reconcileTopology } from './reconcile.ts';
import { BUCKETS, STREAMS, type TopologyOptions } from './specifications.ts';
import { find } from './find.ts';
import { sizeOf, type StreamSize } from './sizes.ts';
import { firstAbove, raiseEvents } from './raise-events.ts';

/** Interval of checks while all is well. */
const CHECK_MS = 5000;
const BACKOFF = { firstPauseMs: 500, longestPauseMs: 30_000 };
const API_TIMEOUT_MS = 5000;
/** One check may reach a replica that has just become the leader and is still catching up. */
const LOOKS_BEHIND = 2;

const EVENTS_LOST =
  'the event log was lost and starts empty; the documents keep their contents. Restore a backup: opensync import-log';
const EVENTS_BEHIND =
  'the event log ends before events that this process has already seen: it was recreated, or an older one was restored. ' +
  'New events up to the last seen sequence are stored, but documents already built from higher sequences ignore them. ' +
  'Restore a newer backup, or rebuild the documents from this log (opensync rebuild documents --force) and restart the ' +
  'services';

/**
 * Buckets that processes watch: a watch continues without effect after its stream is gone, and receives nothing from
 * the next one.
 */
const WATCHED_NAMES = [KEY_BUCKET, LOGIN_BUCKET, GENERATION_BUCKET, PREFERENCE_BUCKET] as const;
type WatchedBucket = (typeof WATCHED_NAMES)[number];
const WATCHED = BUCKETS.filter(({ bucket }) => (WATCHED_NAMES as readonly string[]).includes(bucket));

/**
 * Keeps streams, buckets and consumers there for as long as the connection lives: a server whose volume was emptied or
 * from which somebody deleted a consumer comes back without them, and nobody else makes them. Several processes
 * may do this at once. If another process keeps them, this one only notices what is missing.
 */
export class Topology {
  readonly #nc: LogConnection;
  readonly #options: TopologyOptions | undefined;
  readonly #logger: Logger;
  readonly #link: Link;
  readonly #unlink: () => void;
  readonly #stopping = new AbortController();
  readonly #watchers = new Set<{ readonly bucket: WatchedBucket; readonly onReplaced: () => void }>();
  readonly #seen = new Map<string, { readonly created: string; readonly last: number }>();
  #wake = new AbortController();
  #missing: readonly string[] = [];
  #infos: readonly ConsumerInfo[] = [];
  #streamConsumers: readonly StreamConsumers[] = [];
  #streamSizes: readonly StreamSize[] = [];
  #lastSequence = 0;
  /** Consecutive checks that found EVENTS to end before the last seen sequence. */
  #looksBehind = 0;

  /**
   * Call it after reconcileTopology with the same options.
   * @param options undefined: another process keeps the topology
   */
  constructor(nc: LogConnection, options: TopologyOptions | undefined, logger: Logger) {
    this.#nc = nc;
    this.#options = options;
    this.#logger = logger;
    this.#link = nc.link;
    this.#unlink = this.#link.onChange(() => this.check());
    void this.#run();
  }

  /** Whether this process creates what is missing. */
  get isKeptHere(): boolean {
    return this.#options !== undefined;
  }

  /** Missing streams and buckets (`EVENTS`) and consumers (`CHANGES/search`). */
  get missing(): readonly string[] {
    return this.#missing;
  }

  /**
   * Whether EVENTS ends before the last seen sequence: it is a different or an older restored stream. The documents
   * take its new events for old ones and ignore them.
   */
  get isBehind(): boolean {
    return this.#looksBehind >= LOOKS_BEHIND;
  }

  /** Of each stream of the account, as of the last check. */
  get streamConsumers(): readonly StreamConsumers[] {
    return this.#streamConsumers;
  }

  /** Of each stream of the account, as of the last check. */
  get streamSizes(): readonly StreamSize[] {
    return this.#streamSizes;
  }

  /** The server's info about this consumer at the last check; undefined if the consumer is missing. */
  consumer({ stream, durable }: ConsumerRef): ConsumerInfo | undefined {
    return this.#infos.find((info) => info.stream_name === stream && info.name === durable);
  }

  /** Checks at once, e.g. because a consumer receives no messages. */
  check(): void {
    this.#wake.abort();
  }

  /**
   * Called if the stream of a bucket was replaced since the previous check, by whichever process: watches of the
   * bucket must start again. Returns a function that unsubscribes.
   */
  onReplaced(bucket: WatchedBucket, onReplaced: () => void): () => void {
    const watcher = { bucket, onReplaced };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Does not wait for a running check: without a server it would never be answered. */
  close(): void {
    this.#stopping.abort();
    this.#unlink();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      if (this.#link.up) {
        try {
          await this.#look();
          failures = 0;
        } catch (err) {
          if (this.#stopping.signal.aborted) return;
          if (failures++ === 0 && this.#missing.length > 0) {
            this.#logger.error(
              { err, missing: this.#missing },
              'missing streams or consumers cannot be recreated; retrying until it succeeds',
            );
          }
        }
      }
      const pause = failures === 0 ? CHECK_MS : backoffMs(failures, BACKOFF);
      const signal = AbortSignal.any([this.#wake.signal, this.#stopping.signal]);
      await delay(pause, undefined, { signal }).catch(() => undefined);
      if (!this.#wake.signal.aborted) continue;
      this.#wake = new AbortController();
      // A caller may wake it again and again.
      await delay(BACKOFF.firstPauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const manager = await jetstreamManager(this.#nc, { checkAPI: false, timeout: API_TIMEOUT_MS });
    const listed = await Array.fromAsync(manager.streams.list());
    this.#streamConsumers = listed.map(consumersOf);
    this.#streamSizes = listed.map(sizeOf);
    const streams = new Set(listed.map(({ config }) => config.name));
    await this.#lookAtBuckets(manager, streams);
    const missing = STREAMS.filter((name) => !streams.has(name));
    const infos: ConsumerInfo[] = [];
    for (const { stream, durable } of Object.values(CONSUMER)) {
      const info =
        streams.has(stream) && (await find(() => manager.consumers.info(stream, durable), isConsumerNotFound));
      if (info) infos.push(info);
      else missing.push(`${stream}/${durable}`);
    }
    this.#missing = missing;
    this.#infos = infos;
    if (missing.length > 0) return this.#options && this.#restore(missing, this.#options);
    await this.#lookAtEvents(manager);
  }

  async #lookAtEvents(manager: JetStreamManager): Promise<void> {
    const { created, state } = await manager.streams.info(STREAM.events);
    const { first_seq: first, last_seq: last, messages } = state;
    const lastSequence = this.#lastSequence;
    // Damaged blocks are found when they are read, long after consumers were recovered: see reconcileConsumer.
    const given = this.consumer(CONSUMER.documents)?.delivered.stream_seq ?? 0;
    if (given > last && this.#options) await reconcileTopology(this.#nc, this.#options);
    if (last >= lastSequence) {
      const seen = this.#seen.get(STREAM.events);
      // Between the checks, so much was written to a different stream that it has caught up.
      const hasCaughtUp = seen !== undefined && seen.created !== created && first <= lastSequence;
      if (hasCaughtUp && !this.isBehind) this.#logger.error({ lastSequence, last }, EVENTS_BEHIND);
      this.#seen.set(STREAM.events, { created, last });
      this.#lastSequence = last;
      this.#looksBehind = 0;
      return;
    }
    this.#looksBehind++;
    if (this.#looksBehind < LOOKS_BEHIND) return this.check();
    if (messages === 0 && this.#options && (await raiseEvents(manager, lastSequence))) {
      this.#logger.error({ lastSequence }, EVENTS_LOST);
      this.check();
    } else if (this.#looksBehind === LOOKS_BEHIND) {
      this.#logger.error({ lastSequence, last }, EVENTS_BEHIND);
    }
  }

  async #lookAtBuckets(manager: JetStreamManager, streams: ReadonlySet<string>): Promise<void> {
    for (const { stream, bucket } of WATCHED) {
      const info = streams.has(stream) && (await find(() => manager.streams.info(stream), isStreamNotFound));
      if (!info) continue;
      const { created, state } = info;
      const seen = this.#seen.get(stream);
      this.#seen.set(stream, { created, last: state.last_seq });
      // A stream restored from a backup keeps its creation time.
      if (!seen || (seen.created === created && seen.last <= state.last_seq)) continue;
      for (const watcher of [...this.#watchers]) if (watcher.bucket === bucket) watcher.onReplaced();
    }
  }

  async #restore(missing: readonly string[], options: TopologyOptions): Promise<void> {
    this.#logger.error({ missing }, 'streams or consumers of the event log are missing; recreating them');
    const { created } = await reconcileTopology(this.#nc, options, {
      eventsFrom: firstAbove(this.#lastSequence),
    });
    this.#missing = [];
    this.#logger.warn({ created }, 'the event log has all its streams and consumers again');
    if (created.includes(STREAM.events)) {
      this.#logger.error({ lastSequence: this.#lastSequence }, EVENTS_LOST);
    }
    this.check();
  }
}
