import type { Owner } from '@opensync/contracts';
import type { SessionHeading } from '../heading.ts';
import type { SearchDocument, SearchStore } from '../search/port.ts';
import { fullText } from '../search/full-text.ts';
import { parseQuery } from '../search/query.ts';
import { chunkText, passageOf } from '../vectors/chunks.ts';
import type { VectorDocument, VectorStore } from '../vectors/port.ts';
import type { CorpusMessage, CorpusSession } from './corpus.ts';

/** Answers a query with session keys, each once, best first, at most `limit`. */
export type Ranking = (query: string, limit: number) => Promise<readonly string[]>;
/** One vector of the store's dimension and unit length for each text. */
export type Embed = (texts: readonly string[]) => Promise<Float32Array[]>;

export const OWNER: Owner = { workspaceId: 'wsp_relevance', userId: 'usr_relevance' };
const NO_FILTER = {};
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

/** Writes the vectors of the sessions as the projector does: messages in chunks, titles with their project. */
export async function storeVectors(
  store: VectorStore,
  corpus: readonly CorpusSession[],
  embed: Embed,
  { headings }: { readonly headings: boolean },
): Promise<void> {
  const documents = corpus.flatMap((session) =>
    textsOf(session).map(({ text, ...document }) => {
      const heading = headings && document.collection === 'messages' ? session.title : '';
      return { document, passages: chunkText(text).map((chunk) => passageOf(chunk, heading)) };
    }),
  );
  const vectorOf = await embedDistinct(
    documents.flatMap(({ passages }) => passages.map(({ text }) => text)),
    embed,
  );
  await store.upsert(
    OWNER,
    documents.map(({ document, passages }): VectorDocument => ({
      ...document,
      chunks: passages.map(({ hash, text }) => ({ hash, vector: vectorOf.get(text) })),
    })),
  );
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
