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
