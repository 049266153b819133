import { quarterOf } from '@opensync/contracts';
import { connectLog, reconcileTopology, type LogConnection } from '@opensync/event-log';
import { runJobs } from '@opensync/event-log/jobs';
import { SummaryLedger, type Kept, type Preferences, type Summarized } from '@opensync/event-log/wrapped';
import { createLogger } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { calendarOf, editionNamed, readSummary } from '@opensync/wrapped-summary';
import { storedActivity, type Activity } from '@opensync/wrapped-summary/testing';
import { deliverer } from './delivery/deliver.ts';
import { digestOf, figureScopes, makeSummaries, type SummaryResources } from './make-summaries.ts';

const NOW = Date.parse('2026-11-30T12:00Z');
const activity = (time: string, totalTokens = 100): Activity => ({
  quarter: quarterOf(Date.parse(time)),
  amounts: { sessions: 1, messages: 2, totalTokens },
});
const owner = (number: number): Summarized => ({ workspaceId: 'wsp_a', userId: `usr_${number}` });
const OWNERS = Array.from({ length: 40 }, (_, number) => owner(number));
const SETTINGS = {
  OPENSYNC_TIME_ZONE: 'UTC',
  OPENSYNC_SMTP_URL: undefined,
  OPENSYNC_SMTP_FROM: 'opensync@localhost',
  OPENSYNC_WEBHOOK_PRIVATE_HOSTS: '',
};

let server: TestNats;
let connections: LogConnection[];
let activities: Activity[];
beforeEach(async () => {
  server = await startTestNats();
  connections = [];
  activities = [activity('2026-11-29T10:00Z')];
  await reconcileTopology(await connected(), { replicas: 1 });
});
afterEach(async () => {
  await Promise.all(connections.map((nc) => nc.close()));
  await server.stop();
});
async function connected(): Promise<LogConnection> {
  const nc = await connectLog({ servers: server.url, name: 'test' });
  connections.push(nc);
  return nc;
}

/** What a process works with; deliveries are counted instead of sent. */
function resources(nc: LogConnection, changes: Partial<SummaryResources> = {}): SummaryResources {
  return {
    documents: {
      figures: (query) => storedActivity(activities).figures(query),
      figureRating: async () => ({ digest: 'prices-1', marked: true }),
    },
    ledger: new SummaryLedger(nc),
    owners: () => OWNERS.slice(0, 2),
    zonesOf: () => [{ zone: 'UTC' }],
    preferencesOf: () => ({}),
    deliver: async () => ({ delivered: 0, isRetried: false }),
    finished: new Map(),
    ...changes,
  };
}
const run = (of: SummaryResources, now = NOW) => makeSummaries(of, { now, signal: new AbortController().signal });
const recordOf = async (of: Summarized, date: string) => (await new SummaryLedger(connections[0]!).of(of, date)).record;

async function expectedDigest(of: Summarized, date: string, zone = 'UTC'): Promise<string> {
  const calendar = calendarOf([{ zone }]);
  return digestOf(await readSummary(storedActivity(activities), figureScopes(of), editionNamed(date)!, calendar));
}

it('keeps what a day, week and month came to, once, as the figures have it', async () => {
  const of = resources(connections[0]!);
  // 29 November ended a week: of each owner a day and a week.
  expect(await run(of)).toEqual({ made: 4, corrected: 0, delivered: 0 });
  expect(await recordOf(owner(0), '2026-11-29')).toMatchObject({
    ...{ sessions: 1, totalTokens: 100, revision: 1, prices: 'prices-1', madeAt: NOW },
    digest: await expectedDigest(owner(0), '2026-11-29'),
  });
  expect(await recordOf(owner(0), '2026-11-28')).toBeUndefined();
  // Another process, and again after a restart.
  expect(await run(resources(await connected()))).toEqual({ made: 0, corrected: 0, delivered: 0 });
  const month = Date.parse('2026-12-01T12:00Z');
  expect(await run(of, month)).toMatchObject({ made: 2 });
  expect(await recordOf(owner(1), '2026-11')).toMatchObject({ totalTokens: 100 });
});

it('corrects what late sessions changed, also down to nothing, and gives the same again after a loss', async () => {
  const nc = connections[0]!;
  await run(resources(nc));
  const before = (await recordOf(owner(0), '2026-11-29'))!;
  activities.push(activity('2026-11-29T23:59Z', 7));
  expect(await run(resources(nc))).toMatchObject({ made: 0, corrected: 4 });
  const late = (await recordOf(owner(0), '2026-11-29'))!;
  expect(late).toMatchObject({ totalTokens: 107, revision: 2, correctedAt: NOW, madeAt: NOW });
  expect(late.digest).toBe(await expectedDigest(owner(0), '2026-11-29'));
  activities.pop();
  await run(resources(nc));
  expect((await recordOf(owner(0), '2026-11-29'))!.digest).toBe(before.digest);
  activities = [];
  await run(resources(nc));
  expect(await recordOf(owner(0), '2026-11-29')).toMatchObject({ sessions: 0, totalTokens: 0, revision: 4 });
});

it('follows the time zone of each owner', async () => {
  // Monday noon in UTC: in Auckland it is Tuesday, and 30 November is over.
  activities = [activity('2026-11-29T11:30Z'), activity('2026-11-29T20:00Z', 5)];
  const zones = ['Pacific/Auckland', 'America/New_York'];
  const of = resources(connections[0]!, {
    zonesOf: ({ userId }) => [{ zone: zones[userId === 'usr_0' ? 0 : 1]! }],
  });
  await run(of);
  expect(await recordOf(owner(0), '2026-11-30')).toMatchObject({ totalTokens: 105 });
  expect(await recordOf(owner(1), '2026-11-29')).toMatchObject({ totalTokens: 105 });
  expect(await recordOf(owner(1), '2026-11-30')).toBeUndefined();
});

it('goes on with the others if one owner’s summary fails, and says so', async () => {
  const failing = resources(connections[0]!, {
    zonesOf: ({ userId }) => [{ zone: userId === 'usr_0' ? 'Europe/Atlantis' : 'UTC' }],
  });
  await expect(run(failing)).rejects.toThrow(RangeError);
  expect(await recordOf(owner(1), '2026-11-29')).toBeDefined();
});

describe('a delivery', () => {
  const wanted: Preferences = { webhook: { url: 'https://hooks.example/T0', secret: 's' }, hour: 8 };

  it('waits for its hour, is made once, and not again for a correction', async () => {
    const sent: string[] = [];
    const of = resources(connections[0]!, {
      preferencesOf: () => wanted,
      deliver: async ({ of: who, summary, stored }) => {
        if (summary.edition !== 'day' || stored.record.deliveries.webhook) return { delivered: 0, isRetried: false };
        sent.push(`${who.userId} ${summary.date}`);
        return { delivered: 1, isRetried: false };
      },
    });
    await run(of, Date.parse('2026-11-30T07:59Z'));
    expect(sent).toEqual([]);
    await run(of, Date.parse('2026-11-30T08:01Z'));
    expect(sent.sort()).toEqual(['usr_0 2026-11-29', 'usr_1 2026-11-29']);
    await run(of, Date.parse('2026-11-30T08:16Z'));
    expect(sent).toHaveLength(2);
  });

  it('is claimed before it is sent: one that may have arrived is not repeated, one that failed is, five times', async () => {
    const failures: string[] = [];
    const ledger = new SummaryLedger(connections[0]!);
    // Nothing leaves this machine: the host is refused before anything is sent.
    const deliver = deliverer(SETTINGS, {
      ledger,
      nameOf: () => 'Ada',
      onFailure: (_of, note) => failures.push(note),
    });
    const of = (finished = new Map()) =>
      resources(connections[0]!, {
        ...{ owners: () => [owner(0)], deliver, finished },
        preferencesOf: () => ({ webhook: { url: 'https://127.0.0.1/hook', secret: 's' } }),
      });
    for (let attempt = 0; attempt < 7; attempt++) await run(of());
    expect(failures).toEqual(Array(5).fill('127.0.0.1 is not a public host'));
    const record = (await recordOf(owner(0), '2026-11-29'))!;
    expect(record.deliveries.webhook).toMatchObject({ state: 'failed', attempts: 5 });
    const stored = await ledger.of(owner(0), '2026-11-29');
    const claimed = { state: 'claimed', at: 0, attempts: 1, revision: 1 } as const;
    await ledger.put(owner(0), '2026-11-29', { ...record, deliveries: { webhook: claimed } }, stored.entry);
    await run(of());
    expect(failures).toHaveLength(5);
  });
});

it('leaves a record alone that a newer version has written, and gives up where another process changes it again and again', async () => {
  const nc = connections[0]!;
  const ledger = new SummaryLedger(nc);
  const puts: unknown[] = [];
  const of = (kept: Kept) =>
    resources(nc, {
      owners: () => [owner(0)],
      ledger: { of: async () => kept, put: async (...args) => (puts.push(args), undefined) },
    });
  expect(await run(of({ record: undefined, entry: 3, isUnreadable: true }))).toMatchObject({ made: 0, corrected: 0 });
  expect(puts).toEqual([]);
  await expect(run(of({ record: undefined, entry: 3, isUnreadable: false }))).rejects.toThrow(
    'changed again and again',
  );
  expect(puts.length).toBeGreaterThan(1);
  expect((await ledger.of(owner(0), '2026-11-29')).record).toBeUndefined();
});

it('of two processes, one of which is killed in the middle, makes each owner’s day once and sends it once', async () => {
  const disposals: Disposal[] = [];
  const sends = new Map<string, number>();
  const process = async (onRead: (nc: LogConnection, reads: number) => Promise<void> | undefined) => {
    const nc = await connected();
    const ledger = new SummaryLedger(nc);
    const disposal = new Disposal(() => undefined);
    disposals.push(disposal);
    let reads = 0;
    const of = resources(nc, {
      owners: () => OWNERS,
      documents: {
        figures: async (query) => {
          await onRead(nc, ++reads);
          return storedActivity(activities).figures(query);
        },
        figureRating: async () => ({ digest: 'prices-1', marked: true }),
      },
      preferencesOf: () => ({ hour: 0 }),
      // As deliver.ts: claimed, then sent.
      deliver: async ({ of: who, summary, stored, now }) => {
        if (summary.edition !== 'day' || stored.record.deliveries.webhook) return { delivered: 0, isRetried: false };
        const claim = { state: 'claimed', at: now, attempts: 1, revision: 1 } as const;
        const record = { ...stored.record, deliveries: { webhook: claim } };
        if (!(await ledger.put(who, summary.date, record, stored.entry))) return { delivered: 0, isRetried: false };
        sends.set(who.userId!, (sends.get(who.userId!) ?? 0) + 1);
        return { delivered: 1, isRetried: false };
      },
    });
    runJobs(
      [
        {
          name: 'wrapped',
          schedule: '* * * * * *',
          run: async ({ signal }) => `${(await makeSummaries(of, { now: NOW, signal })).made}`,
        },
      ],
      { nc, logger: createLogger('silent', 'test'), disposal, everyMs: 20, leaseMs: 400 },
    );
  };
  // The first one to work dies after a third of the owners: nothing more is heard of it.
  let killed = false;
  const killOnce = async (nc: LogConnection, reads: number) => {
    if (killed || reads < 60) return;
    killed = true;
    await nc.close();
  };
  await process(killOnce);
  await process(killOnce);
  const ledger = new SummaryLedger(connections[0]!);
  await waitFor(async () => {
    const found = await Promise.all(OWNERS.map((one) => ledger.of(one, '2026-11-29')));
    return found.every(({ record }) => record?.deliveries.webhook);
  });
  await Promise.all(disposals.map((disposal) => disposal.run(2000)));
  expect(killed).toBe(true);
  for (const one of OWNERS) {
    const record = (await recordOf(one, '2026-11-29'))!;
    expect(record).toMatchObject({ revision: 1, totalTokens: 100, digest: await expectedDigest(one, '2026-11-29') });
  }
  // What was being sent when the process died may or may not have arrived: it is not sent again.
  expect([...sends.values()].every((count) => count === 1)).toBe(true);
  expect(sends.size).toBeGreaterThanOrEqual(OWNERS.length - 8);
}, 60_000);
