import { join } from 'node:path';
import { LocalEmbedder } from '@opensync/embedder';
import { createLogger } from '@opensync/platform';
import { fuseRanks, wordsToEmbed } from '@opensync/query';
import { openSqliteSearch, openSqliteVectors } from '@opensync/stores';
import {
  fullTextRanking,
  hybridRanking,
  loadCorpus,
  relevanceSuite,
  semanticRanking,
  withoutNegated,
  type Ranking,
} from '@opensync/stores/relevance';
import { temporaryFolder } from '@opensync/testkit';

const MODEL = { provider: 'local', name: 'energetic-ai-en', dimensions: 512 } as const;

/** Embedding the corpus takes most of a minute: both suites ask the same stores. */
const stores = new AsyncDisposableStack();
let opened: Promise<Record<'semantic' | 'hybrid', Ranking>> | undefined;
afterAll(() => stores.disposeAsync());

async function openRankings() {
  const folder = stores.use(await temporaryFolder());
  const search = await openSqliteSearch(join(folder.path, 'search.db'));
  stores.defer(() => search.close());
  const vectors = await openSqliteVectors({ folder: folder.path, model: MODEL.name, dimensions: MODEL.dimensions });
  stores.defer(() => vectors.close());
  const embedder = new LocalEmbedder(MODEL, createLogger('silent', 'relevance'));
  stores.defer(() => embedder.close());

  const corpus = loadCorpus();
  const nearest = await semanticRanking(vectors, corpus, (texts) => embedder.embed(texts));
  const fulltext = await fullTextRanking(search, corpus);
  const semantic = withoutNegated(search, (query, limit) => nearest(wordsToEmbed(query), limit));
  return { semantic, hybrid: hybridRanking(fulltext, semantic, fuseRanks) };
}

const open = (type: 'semantic' | 'hybrid') => async () => ({
  rank: (await (opened ??= openRankings()))[type],
  close: async () => {},
});

relevanceSuite('the local model with sqlite-vec', 'semantic', open('semantic'), {
  error: 0.84,
  typo: 0.14,
  keywords: 0.68,
  paraphrase: 0.58,
});

relevanceSuite('FTS5 and the local model, fused', 'hybrid', open('hybrid'), {
  error: 0.94,
  identifier: 0.95,
  path: 0.95,
  phrase: 0.96,
  negation: 0.92,
  prefix: 0.89,
  typo: 0.67,
  language: 0.98,
  topic: 0.8,
  keywords: 0.7,
  paraphrase: 0.58,
});
