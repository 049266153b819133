import { PROJECTIONS } from '@opensync/contracts';
import { jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream';
import { CONSUMER, lostEventsOf, STREAM, type ConsumerHealth } from '@opensync/event-log';
import { requestConsumerHealth, requestLogProblems } from '@opensync/event-log/observe';
import { PendingRemovals } from '@opensync/event-log/payloads';
import type { Settings } from '@opensync/platform';
import { lacksDocuments, recordNow, type GenerationRecord } from '@opensync/stores';
import { freeBytes } from '../system/data-folder.ts';
import { bytes, number, pairs, quantities, table, type Output } from './output.ts';
import { readStores, type StoreStatus } from './stores.ts';
import { withTarget, type Target } from './target.ts';

export interface StatusReport {
  /** `stopped`: no OpenSync runs on the data folder; it was read directly. */
  readonly state: 'running' | 'stopped' | 'remote';
  readonly url?: string;
  readonly dataDir?: string;
  /** Bytes that are free on the disk of the data folder. */
  readonly free?: number;
  readonly log: {
    readonly server: string;
    /** Its address, without credentials. */
    readonly location: string;
    readonly embedded: boolean;
    readonly events: number;
    readonly bytes: number;
    /** OPENSYNC_EVENTS_MAX_BYTES, as the server has it. */
    readonly maxBytes?: number;
    readonly lastSequence: number;
    /** The minimum number of lost events. */
    readonly lost?: number;
    readonly deadLetters: number;
    /**
     * Owners whose deleted sessions have payloads waiting for removal, and since when the first of them waits. Absent
     * if there are none.
     */
    readonly removals?: Removals | { readonly problem: string };
    /** Streams that are not there. */
    readonly missing: readonly string[];
    /** Why writes are rejected, according to the writing processes. */
    readonly problems: readonly string[];
  };
  readonly consumers: readonly ConsumerStatus[];
  readonly stores: readonly StoreStatus[];
}

export interface Removals {
  readonly owners: number;
  readonly since: number;
}

export interface ConsumerStatus {
  readonly name: string;
  /** Messages of its stream that were not delivered yet. */
  readonly pending: number;
  /** Delivered to it, not acknowledged yet. */
  readonly inFlight: number;
  readonly redelivered: number;
  /** Why it works only partly or not at all. */
  readonly problem?: string;
}

export async function status(settings: Settings, { json, output }: { json: boolean; output: Output }): Promise<number> {
  const report = await withTarget(settings, { create: false, note: output.note }, (target) =>
    readStatus(target, settings),
  );
  output.print(json ? JSON.stringify(report) : formatStatus(report));
  return 0;
}

/** Reads the current state. If no process has the stores open, opening them creates missing parts. */
export async function readStatus(target: Target, settings: Settings): Promise<StatusReport> {
  const manager = await jetstreamManager(target.nc);
  const streams = new Map(
    await Promise.all(
      Object.values(STREAM).map(
        async (name) => [name, await manager.streams.info(name).catch(() => undefined)] as const,
      ),
    ),
  );
  const events = streams.get(STREAM.events);
  const maxBytes = events?.config.max_bytes ?? -1;
  const lost = events ? lostEventsOf(events.state) : 0;
  const [health, problems] = await Promise.all([requestConsumerHealth(target.nc), requestLogProblems(target.nc)]);
  const removals = await readRemovals(target);
  const consumers = await Promise.all(
    Object.values(CONSUMER).map(async ({ stream, durable }): Promise<ConsumerStatus> => {
      const info = await manager.consumers.info(stream, durable).catch(() => undefined);
      const here = health.filter(({ consumer }) => consumer === durable);
      const record = await lifeOf(target, durable);
      const isPartial = record !== undefined && lacksDocuments(record, info?.created);
      const problem = problemOf(info, { here, kind: target.kind, isPartial });
      return {
        name: durable,
        pending: info?.num_pending ?? 0,
        inFlight: info?.num_ack_pending ?? 0,
        redelivered: info?.num_redelivered ?? 0,
        ...(problem !== undefined && { problem }),
      };
    }),
  );
  return {
    ...(await whereabouts(target)),
    log: {
      server: `nats-server ${target.nc.info?.version ?? '?'}`,
      location: target.nc.getServer(),
      embedded: settings.NATS_URL === undefined,
      events: events?.state.messages ?? 0,
      bytes: events?.state.bytes ?? 0,
      ...(maxBytes > 0 && { maxBytes }),
      lastSequence: events?.state.last_seq ?? 0,
      ...(lost > 0 && { lost }),
      deadLetters: streams.get(STREAM.deadLetters)?.state.messages ?? 0,
      ...(removals && { removals }),
      missing: [...streams].filter(([, info]) => info === undefined).map(([name]) => name),
      problems,
    },
    consumers,
    stores: await readStores(target, settings),
  };
}

/** Undefined if nothing is left to do, also if no version that removes payloads has run yet. */
async function readRemovals({ nc }: Target): Promise<StatusReport['log']['removals']> {
  try {
    const removals = await new PendingRemovals(nc).all();
    if (removals.length === 0) return undefined;
    return { owners: removals.length, since: Math.min(...removals.map(({ since }) => since)) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** The record of the store that a consumer feeds, which has the same name. */
async function lifeOf({ nc }: Target, durable: string): Promise<GenerationRecord | undefined> {
  const store = PROJECTIONS.find((name) => name === durable);
  return store && recordNow(nc, store).catch(() => undefined);
}

/** @param here reports of the processes that run it */
function problemOf(
  info: ConsumerInfo | undefined,
  {
    here,
    kind,
    isPartial,
  }: { readonly here: readonly ConsumerHealth[]; readonly kind: Target['kind']; readonly isPartial: boolean },
): string | undefined {
  if (!info) return 'missing; a running service recreates it';
  const stopped = here.find((health) => health.stopped !== undefined);
  if (stopped) return `stopped: ${stopped.stopped}`;
  const blocked = here.find((health) => health.blocked !== undefined);
  if (blocked) return `waiting: ${blocked.blocked}`;
  if (kind !== 'stopped' && here.length === 0) return 'no projector is processing it';
  return isPartial ? 'its index is missing older documents; a projector is adding them' : undefined;
}

async function whereabouts(target: Target): Promise<Pick<StatusReport, 'state' | 'url' | 'dataDir' | 'free'>> {
  switch (target.kind) {
    case 'running': {
      const { dataDir, runtime } = target;
      return { state: 'running', url: runtime.httpUrl, dataDir, free: await freeBytes(dataDir) };
    }
    case 'stopped':
      return { state: 'stopped', dataDir: target.folder.path, free: await freeBytes(target.folder.path) };
    case 'remote':
      return { state: 'remote' };
  }
}

export function lostEvents(count: number): string {
  const what = count === 1 ? '1 event is' : `${count.toLocaleString('en')} events are`;
  return `at least ${what} lost: files of the log were damaged or removed; restore a backup`;
}

export function deletions(removals: NonNullable<StatusReport['log']['removals']>): string {
  if ('problem' in removals) return `unknown: ${removals.problem}`;
  const { owners, since } = removals;
  const whose = owners === 1 ? '1 user' : `${number(owners)} users`;
  return `payloads of ${whose} are waiting to be removed, since ${new Date(since).toISOString()}`;
}

/** As `1.2 MiB`, with the limit if there is one. */
export function sizeOf({ bytes: size, maxBytes }: StatusReport['log']): string {
  return maxBytes === undefined ? bytes(size) : `${bytes(size)} of at most ${bytes(maxBytes)}`;
}

export function formatStatus({ state, url, dataDir, free, log, consumers, stores }: StatusReport): string {
  const facts: [string, string][] = [
    ['OpenSync', state === 'running' && url ? `running at ${url}` : state === 'stopped' ? 'not running' : 'remote'],
    ...(dataDir
      ? ([['Data', free === undefined ? dataDir : `${dataDir} (${bytes(free)} free)`]] as [string, string][])
      : []),
    ['Log', `${log.server} (${log.embedded ? 'embedded' : `remote, ${log.location}`})`],
    ...(log.missing.length > 0 ? ([['Missing', log.missing.join(', ')]] as [string, string][]) : []),
    ['Events', `${number(log.events)} (${sizeOf(log)}), last sequence ${log.lastSequence}`],
    ...(log.lost === undefined ? [] : ([['Lost', `! ${lostEvents(log.lost)}`]] as [string, string][])),
    ['Dead letters', number(log.deadLetters)],
    ...(log.removals === undefined ? [] : ([['Deletions', deletions(log.removals)]] as [string, string][])),
    ...log.problems.map((problem): [string, string] => ['Writes', `! answer 503: ${problem}`]),
  ];
  const storeRows = stores.map((store) =>
    'problem' in store
      ? [store.kind, '–', `! ${store.problem}`, '']
      : [store.kind, store.engine, quantities(store.counts), store.location],
  );
  const remarks = stores.flatMap((store) =>
    'problem' in store
      ? [`→ ${store.kind}: ${store.fix ?? 'see opensync doctor'}`]
      : [
          ...(store.problems ?? []).map((problem) => `! ${store.kind}: ${problem}`),
          ...(store.discrepancy
            ? [`! ${store.kind}: ${store.discrepancy.line}`, `→ ${store.kind}: ${store.discrepancy.fix}`]
            : []),
        ],
  );
  const consumerRows = consumers.map(({ name, pending, inFlight, redelivered, problem }) => [
    name,
    number(pending),
    number(inFlight),
    number(redelivered),
    problem === undefined ? 'ok' : `! ${problem}`,
  ]);
  return [
    pairs(facts),
    table(['CONSUMER', 'LAG', 'IN FLIGHT', 'REDELIVERED', 'STATE'], consumerRows),
    table(['STORE', 'ENGINE', 'CONTENTS', 'LOCATION'], storeRows),
    ...(remarks.length > 0 ? [remarks.join('\n')] : []),
  ].join('\n\n');
}
