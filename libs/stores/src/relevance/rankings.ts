import { createHash } from 'node:crypto';
import type { Owner } from '@opensync/contracts';
import type { SessionHeading } from '../heading.ts';
import type { SearchDocument, SearchStore } from '../search/port.ts';
import { fullText } from '../search/full-text.ts';
import { parseQuery } from '../search/query.ts';
import { sessionsWithAny } from '../search/sessions-with-any.ts';
import { chunkText } from '../vectors/chunks.ts';
import type { VectorDocument, VectorStore } from '../vectors/port.ts';
import type { CorpusMessage, CorpusSession } from './corpus.ts';

/** Answers a query with session keys, each once, best first, at most `limit`. */
export type Ranking = (query: string, limit: number) => Promise<readonly string[]>;
/** One vector of the store's dimension and unit length for each text. */
export type Embed = (texts: readonly string[]) => Promise<Float32Array[]>;
/** Makes one list of several, best first. */
export type Fuse = (rankings: ReadonlyMap<string, readonly string[]>) => readonly { readonly id: string }[];

export const OWNER: Owner = { workspaceId: 'wsp_relevance', userId: 'usr_relevance' };
const NO_FILTER = {};
/** The number of results that a hybrid search requests from each side, however many it shows. */
const FUSED_DEPTH = 50;
/** As many as a request to the embedder takes. */
const TEXTS_PER_CALL = 64;

/** Full text over the sessions, which are written as the projector does: a row a message and one for the heading. */
export async function fullTextRanking(store: SearchStore, corpus: readonly CorpusSession[]): Promise<Ranking> {
  await store.index(OWNER, corpus.flatMap(searchDocuments));
  return async (query, limit) => {
    const { hits } = await fullText(store, OWNER, { parsed: parseQuery(query), filter: NO_FILTER, limit });
    return hits.map(({ sessionId }) => sessionId);
  };
}

/** Nearest meaning over the sessions, embedded as the projector does: messages in chunks, titles with their project. */
export async function semanticRanking(
  store: VectorStore,
  corpus: readonly CorpusSession[],
  embed: Embed,
): Promise<Ranking> {
  const texts = corpus.flatMap(textsOf).map((document) => ({ ...document, chunks: chunkText(document.text) }));
  const vectorOf = await embedDistinct(
    texts.flatMap(({ chunks }) => chunks),
    embed,
  );
  await store.upsert(
    OWNER,
    texts.map(({ text: _, chunks, ...document }): VectorDocument => ({
      ...document,
      chunks: chunks.map((chunk) => ({ hash: sha256(chunk), vector: vectorOf.get(chunk) })),
    })),
  );
  return async (query, limit) => {
    const [vector] = await embed([parseQuery(query).meaning]);
    const hits = await store.search(OWNER, { vector: vector!, filter: NO_FILTER, limit });
    return hits.map(({ sessionId }) => sessionId);
  };
}

/** A ranking by meaning without the sessions that say what the query negates, according to full text. */
export function withoutNegated(store: SearchStore, ranking: Ranking): Ranking {
  return async (query, limit) => {
    const { none } = parseQuery(query);
    if (none.length === 0) return ranking(query, limit);
    const ranked = await ranking(query, Math.max(limit, FUSED_DEPTH));
    const negated = await sessionsWithAny(store, OWNER, none, ranked);
    return ranked.filter((id) => !negated.has(id)).slice(0, limit);
  };
}

/** Both sides asked for more than is shown, then fused. */
export function hybridRanking(fulltext: Ranking, semantic: Ranking, fuse: Fuse): Ranking {
  return async (query, limit) => {
    const [byWords, byMeaning] = await Promise.all([fulltext(query, FUSED_DEPTH), semantic(query, FUSED_DEPTH)]);
    const fused = fuse(
      new Map([
        ['fulltext', byWords],
        ['semantic', byMeaning],
      ]),
    );
    return fused.slice(0, limit).map(({ id }) => id);
  };
}

function searchDocuments(session: CorpusSession): SearchDocument[] {
  const heading = { ...headingOf(session), sessionId: session.key, version: 1 };
  const messages = session.messages.map((message, at): SearchDocument => {
    const id = `${session.key}/${at}`;
    return { ...heading, id, messageId: id, text: message.text, toolText: toolText(message) };
  });
  return [{ ...heading, id: session.key, text: '', toolText: '' }, ...messages];
}

function textsOf(session: CorpusSession): (Omit<VectorDocument, 'chunks'> & { text: string })[] {
  const { title, ...rest } = headingOf(session);
  const heading = { ...rest, sessionId: session.key, version: 1 };
  return [
    {
      ...heading,
      id: session.key,
      collection: 'sessions',
      text: title === '' ? '' : `${title}\n${session.projectName}`,
    },
    ...session.messages.map(({ text }, at) => ({
      ...heading,
      id: `${session.key}/${at}`,
      collection: 'messages' as const,
      text,
    })),
  ];
}

function headingOf({ title, projectName, projectPath, source, model, createdAt }: CorpusSession): SessionHeading {
  return { title, projectName, projectPath, source, model, createdAt: Date.parse(createdAt), visibility: 'private' };
}

function toolText({ tools = [] }: CorpusMessage): string {
  return tools.flatMap(({ name, input, output = '' }) => [name, input, output]).join('\n');
}

async function embedDistinct(texts: readonly string[], embed: Embed): Promise<ReadonlyMap<string, Float32Array>> {
  const distinct = [...new Set(texts)];
  const vectorOf = new Map<string, Float32Array>();
  for (let at = 0; at < distinct.length; at += TEXTS_PER_CALL) {
    const group = distinct.slice(at, at + TEXTS_PER_CALL);
    const vectors = await embed(group);
    for (const [index, text] of group.entries()) vectorOf.set(text, vectors[index]!);
  }
  return vectorOf;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
