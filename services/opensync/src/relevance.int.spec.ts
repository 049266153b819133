import { randomBytes } from 'node:crypto';
import { LocalEmbedder } from '@opensync/embedder';
import { createLogger, loadSettings } from '@opensync/platform';
import { fuseRanks } from '@opensync/query';
import { openGeneration } from '@opensync/stores';
import {
  fullTextRanking,
  hybridRanking,
  loadCorpus,
  relevanceSuite,
  semanticRanking,
  withoutNegated,
  type Floors,
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
  typo: 0.8,
  language: 0.98,
  topic: 0.8,
  keywords: 0.89,
  paraphrase: 0.68,
  recall: 0.91,
  pasted: 0.92,
  spread: 0.97,
};

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

async function openRankings(env: NodeJS.ProcessEnv): Promise<Record<'semantic' | 'hybrid', Ranking>> {
  const settings = loadSettings(env);
  const search = await openGeneration(settings, 'search', 1);
  closing.defer(() => search.close());
  const vectors = await openGeneration(settings, 'vectors', 1);
  closing.defer(() => vectors.close());
  const corpus = loadCorpus();
  const nearest = await semanticRanking(vectors, corpus, embed);
  const fulltext = await fullTextRanking(search, corpus);
  const semantic = withoutNegated(search, nearest);
  return { semantic, hybrid: hybridRanking(fulltext, semantic, fuseRanks) };
}

/** Both suites query the same stores. */
function suites(names: Record<'semantic' | 'hybrid', string>, env: () => Promise<NodeJS.ProcessEnv>): void {
  let rankings: ReturnType<typeof openRankings> | undefined;
  const open = (type: 'semantic' | 'hybrid') => async () => ({
    rank: (await (rankings ??= env().then(openRankings)))[type],
    close: async () => {},
  });
  relevanceSuite(names.semantic, 'semantic', open('semantic'), SEMANTIC);
  relevanceSuite(names.hybrid, 'hybrid', open('hybrid'), HYBRID);
}

suites({ semantic: 'the local model with sqlite-vec', hybrid: 'FTS5 and the local model, fused' }, async () => ({
  OPENSYNC_DATA_DIR: closing.use(await temporaryFolder()).path,
}));

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
