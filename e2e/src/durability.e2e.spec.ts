import { startFakeOpenAi, type FakeOpenAi } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { auditIndexes } from './harness/audit-indexes.ts';
import { auditDocuments, auditSearch } from './harness/audit.ts';
import { Load } from './harness/load.ts';
import { seededRandom } from './harness/random.ts';
import { projected } from './harness/settled.ts';
import { deployment, startTarget, type Target } from './harness/target.ts';

const CLIENTS = 24;
/**
 * Kills in each test. The all-in-one starts in seconds and is killed most often; containers take a minute to return, and one kill
 * shows what they add: their volumes, networks and restart policies.
 */
const KILLS = { 'all-in-one': 3, services: 2, compose: 1, cluster: 1, chart: 1 }[deployment()];
/** Set it to the one that a failure names to repeat the moments of the kills. */
const SEED = Number(process.env.OPENSYNC_E2E_SEED ?? Date.now() % 1_000_000);

describe('what was acknowledged', () => {
  let target: Target;
  let embeddings: FakeOpenAi;
  const random = seededRandom(SEED);
  /** Of all tests: stores count everybody's data. */
  const everybody: Api[] = [];

  beforeAll(async () => {
    // The local model would take minutes for what the load sends in seconds.
    embeddings = await startFakeOpenAi({ dimensions: 8 });
    target = await startTarget({ OPENAI_BASE_URL: embeddings.url, OPENSYNC_EMBEDDING_DIMENSIONS: '8' });
  });
  afterAll(async () => {
    await target?.stop();
    await embeddings?.close();
  });

  /** Two separate owners for each test: the audit counts everything that an owner has. */
  async function owners(test: string): Promise<Api[]> {
    const apis = await Promise.all(['ada', 'bob'].map((name) => target.api(`${name}@${test}.example.com`)));
    everybody.push(...apis);
    return apis;
  }

  /** Checks every promise of the product for the sent load, once its projections have caught up. */
  async function expectAllKept(load: Load): Promise<void> {
    for (const ledger of load.ledgers) {
      // A killed process's work is redelivered later than newer events; the receipt of the last event shows when
      // everything before it is processed, too.
      const marker = 'the-last-of-the-load';
      ledger.sessions.add(marker);
      await projected(ledger.api, await ledger.api.syncSession({ externalId: marker }));
      const context = { seed: SEED, unexpected: ledger.unexpected };
      expect({ ...context, problems: await auditDocuments(ledger) }).toEqual({
        seed: SEED,
        unexpected: [],
        problems: [],
      });
      expect({ seed: SEED, problems: await auditSearch(ledger) }).toEqual({ seed: SEED, problems: [] });
    }
    // The data of other spec files in the same stores is not counted here, and waits for a slow model.
    if (target.isShared) return;
    const problems = await auditIndexes(target, everybody, load.ledgers);
    expect({ seed: SEED, problems }).toEqual({ seed: SEED, problems: [] });
  }

  it('is stored exactly once after the product was killed repeatedly', async () => {
    const load = new Load(await owners('product'), CLIENTS);
    for (let kill = 0; kill < KILLS; kill++) {
      await load.progress(300 + Math.floor(random() * 500));
      await target.kill();
      await target.start();
    }
    await load.progress(300);
    await load.stop();
    await expectAllKept(load);
  }, 300_000);

  it('is stored exactly once after the log was killed repeatedly', async () => {
    const load = new Load(await owners('log'), CLIENTS);
    for (let kill = 0; kill < KILLS; kill++) {
      await load.progress(300 + Math.floor(random() * 500));
      await target.killLog();
    }
    await load.progress(300);
    await load.stop();
    await expectAllKept(load);
  }, 300_000);

  it('is stored exactly once after an interrupt in a burst, which ends in time, cleanly, and leaves nothing behind', async () => {
    const load = new Load(await owners('interrupt'), CLIENTS);
    await load.progress(300);
    const { code, tookMs, leftBehind } = await target.interrupt();
    expect({ code, leftBehind }).toEqual({ code: 0, leftBehind: [] });
    expect(tookMs).toBeLessThan(10_000);
    await target.start();
    await load.progress(100);
    await load.stop();
    await expectAllKept(load);
  }, 300_000);
});
