import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PositionCodec } from '@opensync/contracts';
import { LocalEmbedder } from '@opensync/embedder';
import { ByteBudget, createLogger, loadSettings } from '@opensync/platform';
import { fuseRanks, getContext, SIDE_WEIGHTS, type ContextResources } from '@opensync/query';
import { openGeneration, openSqliteDocuments, type SearchStore, type VectorStore } from '@opensync/stores';
import {
  fullTextRanking,
  hybridRanking,
  loadCorpus,
  loadQueries,
  ndcg,
  OWNER,
  relevanceSuite,
  semanticRanking,
  storeDocuments,
  withoutNegated,
  type Floors,
  type Fuse,
  type Ranking,
} from '@opensync/stores/relevance';
import { describeWith, removeIndexesAndCollections, temporaryFolder } from '@opensync/testkit';

const MODEL = { provider: 'local', name: 'energetic-ai-en', dimensions: 512 } as const;
const SEMANTIC: Floors = { error: 0.84, typo: 0.14, keywords: 0.68, paraphrase: 0.58, recall: 0.79 };
const HYBRID: Floors = {
  error: 0.94,
  identifier: 0.95,
  path: 0.95,
  phrase: 0.96,
  negation: 0.92,
  prefix: 0.89,
  typo: 0.83,
  language: 0.98,
  topic: 0.86,
  keywords: 0.89,
  paraphrase: 0.68,
  recall: 0.91,
  pasted: 0.92,
  spread: 0.97,
};

/** The mean over all kinds, as of whole sessions. */
const CONTEXT = 0.91;
const SHOWN = 10;

const closing = new AsyncDisposableStack();
const embedder = new LocalEmbedder(MODEL, createLogger('silent', 'relevance'));
closing.defer(() => embedder.close());
afterAll(() => closing.disposeAsync());

/** Embedding the corpus takes most of a minute with any store. */
const embedded = new Map<string, Float32Array>();
async function embed(texts: readonly string[]): Promise<Float32Array[]> {
  const missing = texts.filter((text) => !embedded.has(text));
  const vectors = await embedder.embed(missing);
  for (const [at, text] of missing.entries()) embedded.set(text, vectors[at]!);
  return texts.map((text) => embedded.get(text)!);
}

async function openRankings(
  env: NodeJS.ProcessEnv,
): Promise<Record<'fulltext' | 'semantic' | 'hybrid' | 'context', Ranking>> {
  const settings = loadSettings(env);
  const search = await openGeneration(settings, 'search', 1);
  closing.defer(() => search.close());
  const vectors = await openGeneration(settings, 'vectors', 1);
  closing.defer(() => vectors.close());
  const corpus = loadCorpus();
  const nearest = await semanticRanking(vectors, corpus, embed);
  const fulltext = await fullTextRanking(search, corpus);
  const semantic = withoutNegated(search, nearest);
  const context = await contextRanking(search, vectors);
  return { semantic, fulltext, hybrid: hybridRanking(fulltext, semantic, fuse), context };
}

const fuse: Fuse = (rankings) => fuseRanks(rankings, SIDE_WEIGHTS);

/** The sessions of the passages of a context that has room for all of them, best first. */
async function contextRanking(search: SearchStore, vectors: VectorStore): Promise<Ranking> {
  const documents = await openSqliteDocuments(join(closing.use(await temporaryFolder()).path, 'documents.db'));
  closing.defer(() => documents.close());
  await storeDocuments(documents, loadCorpus());
  const atOnce = { take: <Result>(_owner: object, work: () => Promise<Result>) => work(), isRefusal: () => false };
  const budget = { limit: 8, perHolder: 8, waitMs: 1_000, refusal: '', retryAfter: 1, mostWaiting: 8 };
  const resources: ContextResources = {
    documents,
    search,
    vectors,
    searchTurns: { search: atOnce, vectors: atOnce },
    embeddings: { embed },
    partial: () => [],
    payloads: { referenced: nothing, read: nothing },
    pageTurns: new ByteBudget({ ...budget, mostWaitingOfHolder: 8 }),
    logger: createLogger('silent', 'relevance'),
  };
  const positions = new PositionCodec(() => ['relevance']).of(OWNER.workspaceId);
  return async (query, limit) => {
    const request = { query, limit, maxTokens: 32_000, format: 'messages', filters: {} } as const;
    const answer = await getContext(resources, OWNER, request, positions);
    const citations = 'citations' in answer ? answer.citations : [];
    return [...new Set(citations.toSorted((a, b) => a.rank - b.rank).map(({ sessionId }) => sessionId))];
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The suites query the same stores. */
function suites(names: Record<'semantic' | 'hybrid', string>, env: () => Promise<NodeJS.ProcessEnv>) {
  let rankings: ReturnType<typeof openRankings> | undefined;
  const opened = () => (rankings ??= env().then(openRankings));
  const open = (type: 'semantic' | 'hybrid') => async () => ({ rank: (await opened())[type], close: async () => {} });
  relevanceSuite(names.semantic, 'semantic', open('semantic'), SEMANTIC);
  relevanceSuite(names.hybrid, 'hybrid', open('hybrid'), HYBRID);
  return opened;
}

const embeddedStores = suites(
  { semantic: 'the local model with sqlite-vec', hybrid: 'FTS5 and the local model, fused' },
  async () => ({ OPENSYNC_DATA_DIR: closing.use(await temporaryFolder()).path }),
);

const queries = loadQueries().filter(({ types }) => types.includes('hybrid'));
async function mean(rank: Ranking): Promise<number> {
  let sum = 0;
  for (const { query, judgments } of queries) sum += ndcg(await rank(query, SHOWN), judgments, SHOWN);
  return sum / queries.length;
}

it('ranks with both sides at least as well as with either', async () => {
  const { fulltext, semantic, hybrid } = await embeddedStores();
  const [byWords, byMeaning, byBoth] = [await mean(fulltext), await mean(semantic), await mean(hybrid)];
  if (process.env.OPENSYNC_RELEVANCE) {
    process.stdout.write(
      `\nnDCG@10 of ${queries.length} queries: words ${byWords}, meaning ${byMeaning}, both ${byBoth}\n`,
    );
  }
  expect(byBoth).toBeGreaterThanOrEqual(byWords);
  expect(byBoth).toBeGreaterThanOrEqual(byMeaning);
}, 300_000);

/** Queries of each part of the cross-validation: every fifth, so that each part has all kinds. */
const FOLDS = 5;
/** As many as a hybrid search asks each side for. */
const FUSED = 50;
const CANDIDATES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

it('ranks with both sides at least as well as by words, on queries that did not choose the weights', async () => {
  const { fulltext, semantic } = await embeddedStores();
  // By query, by candidate.
  const figures: number[][] = [];
  for (const { query, judgments } of queries) {
    const sides = new Map([
      ['fulltext', await fulltext(query, FUSED)],
      ['semantic', await semantic(query, FUSED)],
    ] as const);
    figures.push(
      CANDIDATES.map((weight) => {
        const fused = fuseRanks(sides, { fulltext: 1, semantic: weight }).map(({ id }) => id);
        // Without weight, what only meaning finds is no result.
        return ndcg(weight === 0 ? sides.get('fulltext')! : fused, judgments, SHOWN);
      }),
    );
  }
  const meanOf = (some: readonly number[][], candidate: number) =>
    some.reduce((sum, ofQuery) => sum + ofQuery[candidate]!, 0) / some.length;
  const bestFor = (some: readonly number[][]) =>
    [...CANDIDATES.keys()].reduce((best, at) => (meanOf(some, at) > meanOf(some, best) ? at : best));
  let sum = 0;
  const chosen = Array.from({ length: FOLDS }, (_, fold) => {
    const best = bestFor(figures.filter((_of, at) => at % FOLDS !== fold));
    for (const [at, ofQuery] of figures.entries()) if (at % FOLDS === fold) sum += ofQuery[best]!;
    return CANDIDATES[best]!;
  });
  const held = sum / figures.length;
  const byWords = meanOf(figures, 0);
  if (process.env.OPENSYNC_RELEVANCE) {
    const all = CANDIDATES.map((weight, at) => `${weight}: ${meanOf(figures, at).toFixed(4)}`).join(', ');
    process.stdout.write(
      `\nnDCG@10 by weight of meaning: ${all}\ncross-validated: ${held.toFixed(4)}, chosen ${chosen.join(' ')}, words ${byWords.toFixed(4)}\n`,
    );
  }
  expect(held).toBeGreaterThanOrEqual(byWords);
}, 300_000);

it('ranks passages of a context at least as well as whole sessions', async () => {
  const { hybrid, context } = await embeddedStores();
  const [ofSessions, ofPassages] = [await mean(hybrid), await mean(context)];
  if (process.env.OPENSYNC_RELEVANCE) {
    process.stdout.write(`\nnDCG@10 of ${queries.length} queries: sessions ${ofSessions}, passages ${ofPassages}\n`);
  }
  expect(ofPassages).toBeGreaterThanOrEqual(ofSessions);
  expect(ofPassages).toBeGreaterThan(CONTEXT);
}, 300_000);

await describeWith(['elasticsearch', 'qdrant'], 'relevance on servers', (servers) => {
  suites({ semantic: 'the local model with Qdrant', hybrid: 'Elasticsearch and the local model, fused' }, async () => {
    const prefix = `test-${randomBytes(6).toString('hex')}`;
    closing.defer(() => removeIndexesAndCollections(servers, prefix));
    return {
      ELASTICSEARCH_URL: servers.elasticsearch,
      QDRANT_URL: servers.qdrant,
      OPENSYNC_STORE_PREFIX: prefix,
      // Nothing may lie here.
      OPENSYNC_DATA_DIR: '/dev/null/data',
    };
  });
});
