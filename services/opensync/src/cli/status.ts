import { jetstreamManager } from '@nats-io/jetstream';
import { CONSUMER, generationsNow, STREAM } from '@opensync/event-log';
import { createLogger, type Settings } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { requestStoreReports } from '@opensync/query';
import { describeStores, openStores, type StoreReport } from '@opensync/stores';
import { bytes, pairs, table, type Output } from './output.ts';
import { withTarget, type Target } from './target.ts';

export interface StatusReport {
  /** `stopped`: no OpenSync runs on the data folder; it was read directly. */
  readonly state: 'running' | 'stopped' | 'remote';
  readonly url?: string;
  readonly dataDir?: string;
  readonly log: {
    readonly server: string;
    readonly embedded: boolean;
    readonly events: number;
    readonly bytes: number;
    readonly lastSequence: number;
    readonly deadLetters: number;
  };
  readonly consumers: readonly ConsumerStatus[];
  /** Absent where nobody could be asked. */
  readonly stores?: readonly StoreReport[];
}

export interface ConsumerStatus {
  readonly name: string;
  /** Messages of its stream that it has not seen. */
  readonly pending: number;
  /** Delivered to it, not acknowledged yet. */
  readonly inFlight: number;
  readonly redelivered: number;
}

export async function status(settings: Settings, { json, output }: { json: boolean; output: Output }): Promise<number> {
  const report = await withTarget(settings, { create: false, note: output.note }, (target) =>
    readStatus(target, settings),
  );
  output.print(json ? JSON.stringify(report) : formatStatus(report));
  return 0;
}

/** Reads what there is, without changing anything. */
export async function readStatus(target: Target, settings: Settings): Promise<StatusReport> {
  const manager = await jetstreamManager(target.nc);
  const streamState = (name: string) =>
    manager.streams.info(name).then(
      ({ state }) => state,
      () => undefined,
    );
  const events = await streamState(STREAM.events);
  const deadLetters = await streamState(STREAM.deadLetters);
  const consumers = await Promise.all(
    Object.values(CONSUMER).map(async ({ stream, durable }) => {
      const info = await manager.consumers.info(stream, durable).catch(() => undefined);
      return {
        name: durable,
        pending: info?.num_pending ?? 0,
        inFlight: info?.num_ack_pending ?? 0,
        redelivered: info?.num_redelivered ?? 0,
      };
    }),
  );
  const stores = await storeReports(target, settings);
  return {
    ...whereabouts(target),
    log: {
      server: `nats-server ${target.nc.info?.version ?? '?'}`,
      embedded: settings.NATS_URL === undefined,
      events: events?.messages ?? 0,
      bytes: events?.bytes ?? 0,
      lastSequence: events?.last_seq ?? 0,
      deadLetters: deadLetters?.messages ?? 0,
    },
    consumers,
    ...(stores && { stores }),
  };
}

function whereabouts(target: Target): Pick<StatusReport, 'state' | 'url' | 'dataDir'> {
  switch (target.kind) {
    case 'running':
      return { state: 'running', url: target.runtime.httpUrl, dataDir: target.dataDir };
    case 'stopped':
      return { state: 'stopped', dataDir: target.folder.path };
    case 'remote':
      return { state: 'remote' };
  }
}

async function storeReports(target: Target, settings: Settings): Promise<StoreReport[] | undefined> {
  if (target.kind !== 'stopped') return requestStoreReports(target.nc);
  const disposal = new Disposal(() => undefined);
  try {
    const logger = createLogger(settings.LOG_LEVEL, 'opensync-cli');
    const names = ['documents', 'search', 'vectors'] as const;
    const generations = await generationsNow(target.nc);
    return await describeStores(await openStores(settings, names, { logger, disposal, generations }));
  } finally {
    await disposal.run(STORE_CLOSE_LIMIT_MS);
  }
}

const STORE_CLOSE_LIMIT_MS = 5000;

export function formatStatus({ state, url, dataDir, log, consumers, stores }: StatusReport): string {
  const number = (value: number) => value.toLocaleString('en');
  const facts: [string, string][] = [
    ['OpenSync', state === 'running' && url ? `running at ${url}` : state === 'stopped' ? 'not running' : 'remote'],
    ...(dataDir ? ([['Data', dataDir]] as [string, string][]) : []),
    ['Log', `${log.server} (${log.embedded ? 'embedded' : 'remote'})`],
    ['Events', `${number(log.events)} (${bytes(log.bytes)}), last sequence ${log.lastSequence}`],
    ['Dead letters', number(log.deadLetters)],
  ];
  const storeRows = stores?.map((store) =>
    'problem' in store
      ? [store.kind, store.problem, '', '']
      : [
          store.kind,
          store.engine,
          Object.entries(store.counts)
            .map(([what, count]) => `${number(count)} ${what}`)
            .join(', '),
          store.location,
        ],
  );
  const consumerRows = consumers.map(({ name, pending, inFlight, redelivered }) => [
    name,
    number(pending),
    number(inFlight),
    number(redelivered),
  ]);
  return [
    pairs(facts),
    table(['CONSUMER', 'LAG', 'IN FLIGHT', 'REDELIVERED'], consumerRows),
    storeRows ? table(['STORE', 'ENGINE', 'CONTENTS', 'LOCATION'], storeRows) : 'Stores: no running OpenSync answers',
  ].join('\n\n');
}
