import { join } from 'node:path';
import { PositionCodec } from '@opensync/contracts';
import { createEmbedder } from '@opensync/embedder';
import {
  ByteBudget,
  closenessOf,
  createLogger,
  embeddingModelOf,
  loadSettings,
  readsHeadings,
  type EmbeddingModel,
  type TextRole,
} from '@opensync/platform';
import { askSides, getContext, rankHits, type ContextResources, type FoundBySides } from '@opensync/query';
import { openGeneration, openSqliteDocuments } from '@opensync/stores';
import {
  fullTextRanking,
  openStoredVectors,
  OWNER,
  storeDocuments,
  storeVectors,
  type CorpusSession,
  type Ranking,
} from '@opensync/stores/relevance';
import { temporaryFolder } from '@opensync/testkit';

/** As many as a hybrid search asks each side for. */
const DEPTH = 25;
const TEXTS_PER_CALL = 32;
const EMBED_MS = 600_000;
/** However busy the machine is, no side may fail. */
const SIDE_MS = 120_000;

/** A model whose vectors of the suite's texts are stored beside the corpus. Others are computed. */
export interface MeasuredModel {
  readonly model: EmbeddingModel;
  embed(role: TextRole, texts: readonly string[]): Promise<Float32Array[]>;
  /** By the model itself. */
  compute(role: TextRole, texts: readonly string[]): Promise<Float32Array[]>;
  /** Keeps the vectors that were used, and no others. */
  store(): void;
}

/** Vectors of queries and passages of models that make no difference are the same. */
export function measuredModel(
  env: NodeJS.ProcessEnv,
  closing: AsyncDisposableStack,
  cacheFolder?: string,
): MeasuredModel {
  const settings = loadSettings(env);
  const model = embeddingModelOf(settings);
  const stored = openStoredVectors(
    model,
    cacheFolder === undefined ? undefined : join(cacheFolder, `${model.name}.bin`),
  );
  const differs = model.forms?.query !== model.forms?.passage;
  let embedder: ReturnType<typeof createEmbedder> | undefined;
  const compute: MeasuredModel['compute'] = async (role, texts) => {
    if (!embedder) {
      embedder = createEmbedder(settings, createLogger('silent', 'relevance'));
      closing.defer(async () => (await embedder)!.close());
    }
    const opened = await embedder;
    const vectors: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += TEXTS_PER_CALL) {
      const some = texts.slice(at, at + TEXTS_PER_CALL);
      vectors.push(...(await opened.embed(some, { role, signal: AbortSignal.timeout(EMBED_MS) })));
    }
    return vectors;
  };
  return {
    model,
    compute,
    async embed(role, texts) {
      const part = differs ? role : 'text';
      const missing = [...new Set(texts.filter((text) => stored.get(part, text) === undefined))];
      const shortestFirst = missing.toSorted((a, b) => a.length - b.length);
      const computed = await compute(role, shortestFirst);
      for (const [at, text] of shortestFirst.entries()) stored.set(part, text, computed[at]!);
      return texts.map((text) => stored.get(part, text)!);
    },
    store: () => stored.write(),
  };
}

export interface Rankings {
  readonly fulltext: Ranking;
  readonly semantic: Ranking;
  readonly hybrid: Ranking;
  /** The sessions of the passages of a context that has room for all of them. */
  readonly context: Ranking;
  /** What a hybrid search is fused from. */
  readonly sides: (query: string) => Promise<FoundBySides>;
}

/** The searches of the product over the corpus, in the stores of these settings. */
export async function openRankings(
  env: NodeJS.ProcessEnv,
  corpus: readonly CorpusSession[],
  { model, embed }: MeasuredModel,
  closing: AsyncDisposableStack,
): Promise<Rankings> {
  const settings = loadSettings(env);
  const search = await openGeneration(settings, 'search', 1);
  closing.defer(() => search.close());
  const vectors = await openGeneration(settings, 'vectors', 1);
  closing.defer(() => vectors.close());
  const documents = await openSqliteDocuments(join(closing.use(await temporaryFolder()).path, 'documents.db'));
  closing.defer(() => documents.close());
  await storeDocuments(documents, corpus);
  await storeVectors(vectors, corpus, (texts) => embed('passage', texts), { headings: readsHeadings(model) });
  const fulltext = await fullTextRanking(search, corpus);

  const atOnce = { take: <Result>(_owner: object, work: () => Promise<Result>) => work(), isRefusal: () => false };
  const budget = { limit: 8, perHolder: 8, waitMs: 1_000, refusal: '', retryAfter: 1, mostWaiting: 8 };
  const resources: ContextResources = {
    ...{ documents, search, vectors },
    searchTurns: { search: atOnce, vectors: atOnce },
    embeddings: { embed: (texts, { role }) => embed(role, texts) },
    closeness: () => closenessOf(model),
    partial: () => [],
    payloads: { referenced: nothing, read: nothing },
    pageTurns: new ByteBudget({ ...budget, mostWaitingOfHolder: 8 }),
    logger: createLogger('silent', 'relevance'),
  };
  const answers = new Map<string, Promise<FoundBySides>>();
  const ask = (query: string) => {
    const asked = { query, type: 'hybrid', level: 'session', filters: {}, limit: DEPTH } as const;
    const known = answers.get(query);
    if (known) return known;
    const answer = askSides(resources, OWNER, asked, SIDE_MS);
    answers.set(query, answer);
    return answer;
  };
  const keysOf = (sides: FoundBySides, type: 'semantic' | 'hybrid', limit: number) =>
    rankHits(sides, { type, level: 'session' })
      .slice(0, limit)
      .map(({ key }) => key);
  const positions = new PositionCodec(() => ['relevance']).of(OWNER.workspaceId);
  return {
    fulltext,
    // A search by meaning finds what this side of a hybrid one does; on a stand-in of a store each question takes long.
    semantic: async (query, limit) => {
      const { found, ...rest } = await ask(query);
      const side = found.get('semantic');
      return keysOf({ ...rest, found: new Map(side && [['semantic', side]]) }, 'semantic', limit);
    },
    hybrid: async (query, limit) => keysOf(await ask(query), 'hybrid', limit),
    sides: ask,
    context: async (query, limit) => {
      const request = { query, limit, maxTokens: 32_000, format: 'messages', filters: {} } as const;
      const answer = await getContext(resources, OWNER, request, positions);
      const citations = 'citations' in answer ? answer.citations : [];
      return [...new Set(citations.toSorted((a, b) => a.rank - b.rank).map(({ sessionId }) => sessionId))];
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
