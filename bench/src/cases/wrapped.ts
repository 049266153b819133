import { join } from 'node:path';
import { addAmount, containing, FigureSum, quarterOf, type Period } from '@opensync/contracts';
import { connectLog, openBucket, reconcileTopology, type LogConnection } from '@opensync/event-log';
import { SummaryLedger, type Summarized } from '@opensync/event-log/wrapped';
import { openSqliteDocuments, type DocumentStore, type FigureKey } from '@opensync/stores';
import { startTestNats, temporaryFolder } from '@opensync/testkit';
import { makeSummaries } from '@opensync/wrapped';
import { perSecond, type Figure } from '../figures.ts';

const OWNERS = Number(process.env.BENCH_OWNERS ?? 10_000);
const NOW = Date.parse('2026-11-30T12:00Z');
const AT_ONCE = 8;
const MOST_MIB = 64;

/** The daily summaries of many owners in one run, against writing as many records; and what memory the run takes. */
export async function wrappedFigures(): Promise<Figure[]> {
  await using folder = await temporaryFolder();
  const documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
  const server = await startTestNats({ sync: 'always' });
  const nc = await connectLog({ servers: server.url, name: 'bench' });
  try {
    await reconcileTopology(nc, { replicas: 1 });
    const owners = Array.from({ length: OWNERS }, (_, number) => ({
      workspaceId: 'wsp_bench',
      userId: `usr_${number}`,
    }));
    await fill(documents, owners);
    const memory = watchMemory();
    const began = performance.now();
    const { made } = await makeSummaries(
      {
        ...{ documents, ledger: new SummaryLedger(nc), owners: () => owners, finished: new Map() },
        zonesOf: () => [{ zone: 'Europe/Berlin' }],
        preferencesOf: () => ({}),
        deliver: async () => ({ delivered: 0, isRetried: false }),
      },
      { now: NOW, signal: new AbortController().signal },
    );
    const seconds = (performance.now() - began) / 1000;
    const grown = memory.stop();
    const ceiling = await rawWrites(nc, made);
    return [
      {
        name: `daily summaries of ${OWNERS.toLocaleString('en-US')} owners, a week and a day looked at of each`,
        ...{ value: `${perSecond(OWNERS / seconds)} owners`, ceiling: `${perSecond(ceiling)} records` },
        ratio: made / seconds / ceiling,
      },
      {
        name: 'memory over idle during that run',
        value: `${grown.toFixed(0)} MiB`,
        ceiling: `${MOST_MIB} MiB`,
        ratio: grown / MOST_MIB,
        aim: '≤ 1',
      },
    ];
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

function watchMemory(): { stop(): number } {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  return {
    stop() {
      clearInterval(timer);
      return (most - before) / 1024 / 1024;
    },
  };
}

/** As many records as were made, by as many writers, with nothing computed. */
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
