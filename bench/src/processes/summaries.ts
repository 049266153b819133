// One run of the daily summaries of so many owners, in a process of its own: what other runs have left would be measured with it.
// Prints a line of JSON.
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { addAmount, containing, FigureSum, quarterOf, type Period } from '@opensync/contracts';
import { connectLog, openBucket, reconcileTopology, type LogConnection } from '@opensync/event-log';
import { SummaryLedger, type Summarized } from '@opensync/event-log/wrapped';
import { openSqliteDocuments, type DocumentStore, type FigureKey } from '@opensync/stores';
import { startTestNats, temporaryFolder } from '@opensync/testkit';
import { makeSummaries, type SummaryResources } from '@opensync/wrapped';
import { ownResidentMiB } from './resident.ts';

export interface SummariesRun {
  readonly owners: number;
  readonly seconds: number;
  readonly made: number;
  /** What was resident before the run, and at most: of the process alone, without mapped pages of the database. */
  readonly idleMiB: number;
  readonly peakMiB: number;
  /** How much more is in use after the run than before it, without garbage. */
  readonly leftKiB: number;
  /** Records in a second that nothing was computed for. */
  readonly rawWrites: number;
}

const NOW = Date.parse('2026-11-30T12:00Z');
const AT_ONCE = 8;
/** Each record waits for the disk: as many as were made would take as long again on a busy one. */
const MOST_RAW_WRITES = 2_000;
const SAMPLE_MS = 20;
const PROGRESS_MS = 15_000;

async function measure(count: number): Promise<SummariesRun> {
  await using folder = await temporaryFolder();
  const documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
  const server = await startTestNats({ sync: 'always' });
  const nc = await connectLog({ servers: server.url, name: 'bench' });
  try {
    await reconcileTopology(nc, { replicas: 1 });
    const owners = Array.from({ length: count }, (_, number) => ({
      workspaceId: 'wsp_bench',
      userId: `usr_${number}`,
    }));
    await fill(documents, owners);
    const finished: SummaryResources['finished'] = new Map();
    const watch = new Watch(count);
    const began = performance.now();
    const { made } = await makeSummaries(
      {
        ...{ documents, ledger: new SummaryLedger(nc), finished },
        owners: () => watch.counted(owners),
        zonesOf: () => [{ zone: 'Europe/Berlin' }],
        preferencesOf: () => ({}),
        deliver: async () => ({ delivered: 0, isRetried: false }),
      },
      { now: NOW, signal: new AbortController().signal },
    );
    const seconds = (performance.now() - began) / 1000;
    const memory = watch.stop();
    if (finished.size !== count) throw new Error(`the run has finished ${finished.size} of ${count} owners`);
    return {
      owners: count,
      seconds,
      made,
      ...memory,
      rawWrites: await rawWrites(nc, Math.min(made, MOST_RAW_WRITES)),
    };
  } finally {
    await nc.close();
    await server.stop();
    await documents.close();
  }
}

/** The sums of a session of each owner, on the day before. */
async function fill(documents: DocumentStore, owners: readonly Summarized[]): Promise<void> {
  const quarter = quarterOf(NOW - 24 * 60 * 60_000);
  for (let at = 0; at < owners.length; at += 200) {
    const sums = owners.slice(at, at + 200).flatMap(({ workspaceId, userId }) => {
      const keys: (FigureKey & { isDay: boolean })[] = [];
      let period: Period | undefined = { level: 'quarter', number: quarter };
      for (; period; period = containing(period)) {
        keys.push({ ...period, scope: { workspaceId, userId, shared: false }, isDay: period.level === 'day' });
      }
      return keys;
    });
    await documents.saveFigures(
      sums.map(({ isDay, ...key }) => {
        const sum = new FigureSum();
        const named = [sum.totals, sum.named('models', 'opus'), sum.named('sources', 'codex')];
        if (isDay) named.push(sum.named('quarters', String(quarter)));
        for (const amounts of named) {
          addAmount(amounts, 'sessions', 1);
          addAmount(amounts, 'messages', 12);
          addAmount(amounts, 'totalTokens', 34_567);
        }
        return { ...key, revision: 0, figures: sum.figures() };
      }),
    );
  }
}

/** Watches the memory of a run, and says how far it is: on a busy disk it takes minutes. */
class Watch {
  readonly #of: number;
  #begun = 0;
  readonly #idle: number;
  readonly #used: number;
  #most: number;
  readonly #timers: NodeJS.Timeout[];

  constructor(of: number) {
    this.#of = of;
    this.#used = usedBytes();
    this.#idle = this.#most = this.#resident();
    this.#timers = [
      setInterval(() => (this.#most = Math.max(this.#most, this.#resident())), SAMPLE_MS),
      setInterval(() => console.error(`  ${this.#begun} of ${this.#of} owners …`), PROGRESS_MS),
    ];
  }

  *counted<Owner>(owners: Iterable<Owner>): Generator<Owner> {
    for (const owner of owners) {
      this.#begun++;
      yield owner;
    }
  }

  stop(): Pick<SummariesRun, 'idleMiB' | 'peakMiB' | 'leftKiB'> {
    for (const timer of this.#timers) clearInterval(timer);
    const peakMiB = Math.max(this.#most, this.#resident());
    return { idleMiB: this.#idle, peakMiB, leftKiB: Math.round((usedBytes() - this.#used) / 1024) };
  }

  #resident(): number {
    return ownResidentMiB(process.pid, 'RssAnon');
  }
}

/** Of this thread, without garbage. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Records that nothing is computed for, by as many writers. */
async function rawWrites(nc: LogConnection, count: number): Promise<number> {
  const bucket = await openBucket(nc, 'summaries');
  const body = JSON.stringify({ digest: 'x'.repeat(32), padding: 'x'.repeat(150) });
  let next = 0;
  const began = performance.now();
  const write = async () => {
    while (next < count) await bucket.put(`raw.raw.${next++}`, body);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
  return count / ((performance.now() - began) / 1000);
}

console.log(JSON.stringify(await measure(Number(process.argv[2]))));
