import {
  startFakeOpenAi,
  waitFor,
  type Exchange,
  type FakeOpenAi,
  type Line,
  type Reply,
  type Toxic,
} from '@opensync/testkit';
import type { Api, SessionPage } from './harness/api.ts';
import { auditIndexes } from './harness/audit-indexes.ts';
import { auditDocuments, auditSearch } from './harness/audit.ts';
import { Load, wordOf, type Ledger } from './harness/load.ts';
import { inParallel } from './harness/in-parallel.ts';
import { forgetPeak, peakOf } from './harness/memory.ts';
import { seededRandom } from './harness/random.ts';
import { embedded, projected } from './harness/settled.ts';
import { SERVICES, ServicesTarget } from './harness/services.ts';

const APART = process.env.OPENSYNC_E2E_TARGET === 'services';
/** As many as keep the indexers busy and leave no backlog that the tests would wait for. */
const CLIENTS = 8;
const PAUSE_MS = 100;
/** Set it to the one that a failure names to repeat the moments of the kills. */
const SEED = Number(process.env.OPENSYNC_E2E_SEED ?? Date.now() % 1_000_000);
/** MiB of heap that Node takes before it gives up: who keeps a backlog as text dies of it. */
const HEAP_MIB = 256;
/** MiB that a service may grow by while little waits. */
const GROWTH_MIB = { ingest: 200, projector: 200, query: 200 };
/**
 * While much waits: what each has in work at a time and has not cleared away yet, which fits into its container of
 * docker-compose.yml. With the backlog on top it would be more.
 */
const BACKLOG_GROWTH_MIB = { ingest: 260, projector: 460, query: 150 };
/** What a tool printed. Few words in it, as the test is not about how fast they are indexed. */
const OUTPUT = `${'='.repeat(1023)}\n`.repeat(100);

const BUSY: Reply = { status: 429, body: '{}', headers: { 'retry-after': '1' } };
const AWAY: Reply = { status: 503, body: '{}' };

/** A bulk answer in which every other item was refused for want of room, as an overloaded Elasticsearch gives it. */
function halfRefused(reply: Reply): Reply {
  const answer = JSON.parse(reply.body) as { items: Record<string, object>[] };
  const items = answer.items.map((item, index) => {
    if (index % 2 === 0) return item;
    const [[action, result]] = Object.entries(item) as [[string, object]];
    const error = { type: 'es_rejected_execution_exception', reason: 'rejected execution' };
    return { [action]: { ...result, status: 429, error } };
  });
  return { ...reply, body: JSON.stringify({ ...answer, errors: true, items }) };
}

/** A session that comes beside the load. */
const BY_THE_TEST = { externalId: 'by-the-test' };

const isBulk = ({ path }: Exchange) => path.includes('_bulk');

(APART ? describe : describe.skip)('while parts of the system fail (needs OPENSYNC_E2E_TARGET=services)', () => {
  let target: ServicesTarget;
  let embeddings: FakeOpenAi;
  let load: Load;
  const random = seededRandom(SEED);
  let tests = 0;
  /** Of all tests: stores count what everybody has. */
  const everybody: Api[] = [];

  beforeAll(async () => {
    // The local model would take minutes for what the load sends in seconds.
    embeddings = await startFakeOpenAi({ dimensions: 8 });
    target = await ServicesTarget.start({
      OPENAI_BASE_URL: embeddings.url,
      OPENSYNC_EMBEDDING_DIMENSIONS: '8',
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
    });
  });
  afterAll(async () => {
    await target?.stop();
    await embeddings?.close();
  });
  afterEach(async () => {
    await load?.stop();
    restoreLines();
  });

  /** Owners of their own for each test: the audit counts everything that an owner has. */
  async function owners(): Promise<Api[]> {
    tests++;
    const apis = await Promise.all(['ada', 'bob'].map((name) => target.api(`${name}@test-${tests}.example.com`)));
    everybody.push(...apis);
    return apis;
  }

  function startLoad(apis: readonly Api[]) {
    load = new Load(apis, CLIENTS, { pauseMs: PAUSE_MS });
  }

  function restoreLines() {
    target.lines.mongodb.become('open');
    target.lines.elasticsearch.toxic = undefined;
    target.lines.qdrant.toxic = undefined;
  }

  /** Every promise holds for what the load sent, once all projections have caught up by themselves. */
  async function expectAllKept(): Promise<void> {
    await load.stop();
    for (const ledger of load.ledgers) {
      ledger.sessions.add(BY_THE_TEST.externalId);
      const last = await ledger.api.syncSession({ ...BY_THE_TEST, title: 'Herons' });
      await projected(ledger.api, last);
      expect({ seed: SEED, problems: await auditSearch(ledger) }).toEqual({ seed: SEED, problems: [] });
      await embedded(ledger.api, last);
    }
    // Only trouble that has ended is forgotten: until then any one read may meet it, and says so.
    restoreLines();
    for (const ledger of load.ledgers) {
      const problems = await auditDocuments(ledger);
      expect({ seed: SEED, problems, unexpected: ledger.unexpected }).toEqual({
        seed: SEED,
        problems: [],
        unexpected: [],
      });
    }
    const isWhole = async ({ api }: Ledger) => (await api.search('herons', 'hybrid')).degraded === undefined;
    for (const ledger of load.ledgers) await waitFor(() => isWhole(ledger), { what: 'search to be whole again' });
    expect({ seed: SEED, problems: await auditIndexes(target, everybody, load.ledgers) }).toEqual({
      seed: SEED,
      problems: [],
    });
  }

  /** From now on; resolves with how many MiB each service that handles what waits has grown by at most. */
  async function watchGrowth() {
    const watched = await Promise.all(
      (['ingest', 'projector', 'query'] as const).map(async (name) => {
        const { pid } = target.process(name);
        await forgetPeak(pid);
        return { name, pid, before: await peakOf(pid) };
      }),
    );
    return () =>
      Promise.all(watched.map(async ({ name, pid, before }) => ({ name, by: (await peakOf(pid)) - before })));
  }
  type Growth = Awaited<ReturnType<Awaited<ReturnType<typeof watchGrowth>>>>;

  /** What waits, waits in the log. */
  function expectBounded(growth: Growth, most: Readonly<Record<Growth[number]['name'], number>>) {
    expect(growth.filter(({ name, by }) => by >= most[name])).toEqual([]);
  }

  it('nothing is lost or doubled when services are killed, each again and again', async () => {
    startLoad(await owners());
    for (const name of [...SERVICES, ...SERVICES]) {
      await load.progress(20 + Math.floor(random() * 60));
      await target.killService(name);
      // Gateways continue without the others.
      if (name !== 'ingest') for (let n = 0; n < 5; n++) await load.ledgers[0]!.api.syncSession(BY_THE_TEST);
      await target.startService(name);
    }
    await expectAllKept();
  }, 240_000);

  it('writes continue while stores are unavailable, reads report what is missing, and everything catches up', async () => {
    const apis = await owners();
    const [api] = apis as [Api, Api];
    await embedded(api, await api.syncSession({ ...BY_THE_TEST, title: 'Herons at the river' }));
    startLoad(apis);
    for (const [store, side] of [
      ['elasticsearch', 'fulltext'],
      ['qdrant', 'semantic'],
    ] as const) {
      target.lines[store].toxic = async () => 'reset';
      await load.progress(100);
      const { degraded, results } = await api.search('herons', 'hybrid');
      expect(degraded).toEqual([side]);
      expect(results.length).toBeGreaterThan(0);
      target.lines[store].toxic = undefined;
    }

    target.lines.mongodb.become('cut');
    // The load's clients wait for /readyz, which includes the reads; a plugin does not.
    for (let n = 0; n < 20; n++) await api.syncSession(BY_THE_TEST);
    const { status, headers } = await api.request('/api/sessions');
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    target.lines.mongodb.become('open');
    await load.progress(50);
    await expectAllKept();
  }, 240_000);

  it.each<[string, Trouble]>([
    [
      'are overloaded, restart and tear connections now and then',
      { mongodb: { tearEvery: 60 }, http: sometimes(BUSY, AWAY, 'reset') },
    ],
    [
      'do half of a bulk, and the other half later',
      { http: async (request, forward) => (isBulk(request) ? halfRefused(await forward()) : forward()) },
    ],
  ])(
    'stores that %s slow things down and lose nothing',
    async (_, { mongodb = 'open', http }) => {
      startLoad(await owners());
      await load.progress(20);
      const grown = await watchGrowth();
      target.lines.mongodb.become(mongodb);
      target.lines.elasticsearch.toxic = http;
      target.lines.qdrant.toxic = http;
      await load.progress(150);
      await expectAllKept();
      expectBounded(await grown(), GROWTH_MIB);
    },
    240_000,
  );

  it("a backlog of 160 MiB behind slow stores fills nobody's memory, and all of it arrives", async () => {
    const [api] = (await owners()) as [Api, Api];
    await embedded(api, await api.syncSession({ ...BY_THE_TEST, title: 'Herons' }));
    const grown = await watchGrowth();
    // Nothing can be projected until all of it is there.
    target.lines.mongodb.become('cut');
    const sequences = await inParallel(backlog(), 4, (messages) => api.syncBatch({ messages }));
    target.lines.mongodb.become({ delayMs: 2 });
    target.lines.elasticsearch.toxic = after(100);
    target.lines.qdrant.toxic = after(100);
    for (const sequence of sequences) await projected(api, sequence);
    expect(await auditIndexes(target, everybody, [])).toEqual([]);
    expectBounded(await grown(), BACKLOG_GROWTH_MIB);
    const { messages } = await api.get<SessionPage>('/api/sessions/backlog-7?messageLimit=10');
    expect(messages.map(({ parts }) => parts.map(({ content }) => content))).toEqual(messages.map(() => [OUTPUT]));
  }, 240_000);
});

interface Trouble {
  readonly mongodb?: Line;
  /** Elasticsearch and Qdrant. */
  readonly http: Toxic;
}

function after(ms: number): Toxic {
  return async (_request, forward) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return forward();
  };
}

/** About every seventh request meets one of these, in turn. */
function sometimes(...troubles: Awaited<ReturnType<Toxic>>[]): Toxic {
  const random = seededRandom(SEED);
  let count = 0;
  return async (_request, forward) => (random() < 0.15 ? troubles[count++ % troubles.length]! : forward());
}

/** 1,600 messages of 40 sessions, each of one word and an output of 100 KiB, in batches of 2 MiB. */
function backlog(): object[][] {
  const parts = [{ type: 'tool-result', content: OUTPUT }];
  return Array.from({ length: 80 }, (_, batch) =>
    Array.from({ length: 20 }, (_, at) => {
      const externalId = `message-${batch * 20 + at}`;
      const message = { sessionExternalId: `backlog-${batch % 40}`, externalId, role: 'assistant' };
      return { ...message, textContent: wordOf(externalId), parts };
    }),
  );
}
