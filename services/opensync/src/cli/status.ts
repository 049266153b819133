import { readBackupRecords, type BackupRecords } from '@opensync/event-log/backups';
import { readJobs, type JobReport } from '@opensync/event-log/jobs';
import { readConsumers, readLog, type ConsumerStatus, type LogStatus } from '@opensync/event-log/observe';
import type { Settings } from '@opensync/platform';
import { lacksDocumentsIn } from '@opensync/query/operate';
import { freeBytes } from '../system/data-folder.ts';
import { isTroubled, jobState } from './jobs.ts';
import { bytes, duration, number, pairs, quantities, table, type Output } from './output.ts';
import { readStores, type StoreStatus } from './stores.ts';
import { withTarget, type Target } from './target.ts';

export interface StatusReport {
  /** `stopped`: no OpenSync runs on the data folder; it was read directly. */
  readonly state: 'running' | 'stopped' | 'remote';
  readonly url?: string;
  readonly dataDir?: string;
  /** Bytes that are free on the disk of the data folder. */
  readonly free?: number;
  readonly log: LogStatus & { readonly embedded: boolean };
  /** Absent if there has never been one. */
  readonly backups?: BackupRecords;
  readonly consumers: readonly ConsumerStatus[];
  readonly stores: readonly StoreStatus[];
  /** The scheduled jobs. */
  readonly jobs?: readonly JobReport[];
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
  const [log, consumers, backups] = await Promise.all([
    readLog(target.nc),
    readConsumers(target.nc, { isRunning: target.kind !== 'stopped', lacksDocuments: lacksDocumentsIn(target.nc) }),
    // An installation of an earlier version has no bucket for them.
    readBackupRecords(target.nc).catch((): BackupRecords => ({})),
  ]);
  return {
    ...(await whereabouts(target)),
    log: { ...log, embedded: settings.NATS_URL === undefined },
    ...((backups.backup ?? backups.rehearsal) && { backups }),
    consumers,
    stores: await readStores(target, settings),
    jobs: await readJobs(target.nc, Date.now()).catch(() => []),
  };
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

/** How many there are, and those that an operator should look at. */
export function jobsLine(jobs: readonly JobReport[]): string {
  const troubled = jobs.filter(isTroubled);
  if (troubled.length === 0) return `${jobs.length}, all in time`;
  return `! ${troubled.map((job) => `${job.name}: ${jobState(job)}`).join(', ')}; see opensync jobs list`;
}

/** As `2026-01-15T02:00:00.000Z in /mnt/backups, up to sequence 1200, proved 2026-01-11T03:00:00.000Z`. */
export function backupLine({ backup, rehearsal, proof }: BackupRecords): string {
  const at = (record: { at: number }) => new Date(record.at).toISOString();
  const made = backup ? `${at(backup)} in ${backup.place}, up to sequence ${backup.to}` : 'none of this log';
  if (rehearsal?.problem !== undefined)
    return `! ${made}; the rehearsal of ${at(rehearsal)} failed: ${rehearsal.problem}`;
  return `${made}, ${proof ? `proved ${at(proof)}` : 'not rehearsed yet'}`;
}

export function formatStatus({
  state,
  url,
  dataDir,
  free,
  log,
  backups,
  consumers,
  stores,
  jobs = [],
}: StatusReport): string {
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
    ...(jobs.length === 0 ? [] : ([['Jobs', jobsLine(jobs)]] as [string, string][])),
    ...(backups === undefined ? [] : ([['Backup', backupLine(backups)]] as [string, string][])),
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
  const consumerRows = consumers.map(({ name, pending, inFlight, redelivered, secondsLeft, problem }) => [
    name,
    number(pending),
    number(inFlight),
    number(redelivered),
    `${problem === undefined ? 'ok' : `! ${problem}`}${secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`}`,
  ]);
  return [
    pairs(facts),
    table(['CONSUMER', 'LAG', 'IN FLIGHT', 'REDELIVERED', 'STATE'], consumerRows),
    table(['STORE', 'ENGINE', 'CONTENTS', 'LOCATION'], storeRows),
    ...(remarks.length > 0 ? [remarks.join('\n')] : []),
  ].join('\n\n');
}
