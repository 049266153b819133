import { firstSequenceOfRow, headingVersion, messageRowVersion, type Owner } from '@opensync/contracts';
import { ByteBudget } from '@opensync/platform';
import {
  chunksToEmbed,
  passageOf,
  type IndexedVectorDocument,
  type Passage,
  type VectorDocument,
  type VectorStore,
} from '@opensync/stores';
import type { IndexRefusal } from './change-batch.ts';
import type { DocumentIndex } from './document-index.ts';
import { headingOf } from './heading.ts';
import { BUDGET_BYTES } from './message-pages.ts';
import type { TextReader } from '@opensync/event-log/payloads';
import { messageTexts } from './message-texts.ts';
import { TextEmbedding, type Embed } from './text-embedding.ts';
import { Turns } from './turns.ts';
import { WorkTurn } from './work-turn.ts';

/** Maximum number of texts in a request. */
const MOST_PER_CALL = 64;
const FEWEST_PER_CALL = 4;
const FIRST_CALL = 16;
/** Target duration of a call: the next turn waits for the call in progress. */
const CALL_MS = 1000;
/** Vectors in memory before they are written. */
const CHUNKS_PER_WRITE = 256;

export interface VectorIndexResources {
  readonly vectors: VectorStore;
  readonly payloads: TextReader;
  readonly embed: Embed;
  /** Concurrent calls of `embed`, whatever the number of writers; default 1, which keeps a local model busy. */
  readonly embedsAtOnce?: number | undefined;
  /** Whether the model reads passages under the title of their session; default false. */
  readonly headings?: (() => boolean) | undefined;
  /** Called once for each text that the model will not embed; the error does not contain the text. */
  readonly onRefused?: (error: unknown) => void;
}

interface TextDocument extends Omit<VectorDocument, 'chunks'> {
  readonly text: string;
  /** What its chunks are read under; empty if nothing. */
  readonly heading: string;
}

/** A document on its way into the store: its chunks by hash, in order, and the stored ones. */
interface OpenDocument {
  readonly document: Omit<VectorDocument, 'chunks'>;
  readonly hashes: readonly string[];
  readonly stored: Set<string>;
  /** The version of a partial write: the document's own version means that it is complete (see receipts). */
  readonly versionBefore: number;
  /** The others. */
  readonly missing: ReadonlyMap<string, Passage>;
}

/**
 * The vectors of messages (their own words, in chunks) and of sessions (title and project). At most 128 chunks of a
 * text have a vector, so that the cost of a message is bounded.
 */
export function vectorIndex(resources: VectorIndexResources): DocumentIndex {
  const { vectors, payloads, embed, embedsAtOnce = 1, headings = () => false, onRefused } = resources;
  const turns = new Turns(embedsAtOnce);
  let perCall = FIRST_CALL;
  const timed = async (texts: readonly string[], options: Parameters<Embed>[1]) => {
    const startedAt = performance.now();
    const answer = await embed(texts, options);
    const perText = (performance.now() - startedAt) / texts.length;
    perCall = Math.min(Math.max(Math.round(CALL_MS / perText), FEWEST_PER_CALL), MOST_PER_CALL);
    return answer;
  };
  const embedding = new TextEmbedding({
    embed: (texts, options) => turns.take(() => timed(texts, options)),
    onRefused,
  });
  return {
    budget: new ByteBudget({ limit: BUDGET_BYTES }),
    inTurns: true,
    indexed: (owner, ids) => vectors.indexed(owner, ids, { hashes: false }),
    remove: (owner, sessionIds) => vectors.remove(owner, sessionIds),

    writeSessions: (owner, sessions, turn) =>
      write(
        owner,
        sessions.map((session) => {
          const { title, ...heading } = headingOf(session);
          return {
            id: session.id,
            collection: 'sessions' as const,
            sessionId: session.id,
            version: headingVersion(session),
            headingVersion: headingVersion(session),
            firstSequence: session.span.firstSequence,
            text: title === '' ? '' : `${title}\n${heading.projectName}`.trim(),
            heading: '',
            ...heading,
          };
        }),
        turn,
      ),

    async writeMessages(owner, of, turn) {
      const refused: IndexRefusal[] = [];
      const open = new Set(of.flatMap(({ messages }) => messages.map(({ message }) => message.id)));
      for await (const group of messageTexts(of, payloads, refused)) {
        const documents = group.map(({ session, message, embedded, ownLabels }) => {
          const { title, ...heading } = headingOf(session);
          return {
            id: message.message.id,
            collection: 'messages' as const,
            sessionId: session.id,
            version: messageRowVersion(message, session),
            headingVersion: headingVersion(session),
            firstSequence: firstSequenceOfRow(message, session),
            text: embedded,
            heading: headings() ? title : '',
            ownLabels,
            ...heading,
          };
        });
        refused.push(...(await write(owner, documents, turn)));
        for (const { id } of [...documents, ...refused]) open.delete(id);
        if (!turn?.isOver) continue;
        turn.leave(open);
        break;
      }
      return refused;
    },
  };

  /**
   * Writes each embedded chunk, even if a later one fails or is left to the next turn: a repetition continues from
   * there. Embeds something even if the turn is over. A completely stored document is skipped, as when all documents
   * are announced again. Returns those that the store will never accept.
   */
  async function write(
    owner: Owner,
    documents: readonly TextDocument[],
    turn = new WorkTurn(),
  ): Promise<readonly IndexRefusal[]> {
    const refused: IndexRefusal[] = [];
    const stored = await vectors.indexed(
      owner,
      documents.map(({ id }) => id),
    );
    const news = documents.filter(({ id, version }) => (stored.get(id)?.version ?? 0) < version);
    for (let at = 0; at < news.length;) {
      const group: OpenDocument[] = [];
      const texts = new Map<string, string>();
      for (; at < news.length; at++) {
        const document = news[at]!;
        const open = openDocument(document, stored.get(document.id));
        if (group.length > 0 && texts.size + open.missing.size > CHUNKS_PER_WRITE) break;
        group.push(open);
        for (const { textHash, text } of open.missing.values()) texts.set(textHash, text);
      }
      refused.push(...(await writeGroup(owner, group, texts, turn)));
      if (!turn.isOver) continue;
      turn.leave(news.slice(at).map(({ id }) => id));
      break;
    }
    return refused;
  }

  async function writeGroup(
    owner: Owner,
    group: readonly OpenDocument[],
    texts: ReadonlyMap<string, string>,
    turn: WorkTurn,
  ): Promise<readonly IndexRefusal[]> {
    const embedded = await embedWhatWorks([...texts], turn);
    const { failure } = embedded;
    if (failure && embedded.vectorOf.size === 0) throw failure.error;
    const refused = new Map<string, IndexRefusal>();
    const written: VectorDocument[] = [];
    const versionsBefore = new Map(group.map(({ document, versionBefore }) => [document.id, versionBefore]));
    for (const { document, hashes, stored, versionBefore, missing } of group) {
      const vectorOf = ofChunks(missing.values(), embedded.vectorOf);
      const notEmbedded = ofChunks(missing.values(), embedded.notEmbedded);
      const there = hashes.filter((hash) => stored.has(hash) || vectorOf.has(hash));
      const isOpen = hashes.some((hash) => !stored.has(hash) && !vectorOf.has(hash) && !notEmbedded.has(hash));
      const failed = hashes.find((hash) => notEmbedded.has(hash));
      if (isOpen) turn.leave([document.id]);
      else if (failed !== undefined) {
        refused.set(document.id, { id: document.id, kind: 'not-embedded', reason: notEmbedded.get(failed)! });
      }
      if (isOpen && !hashes.some((hash) => vectorOf.has(hash))) continue;
      if (document.collection === 'messages') turn.worked.add(document.sessionId);
      const isWhole = there.length === hashes.length;
      written.push({
        ...document,
        version: isWhole ? document.version : versionBefore,
        chunks: there.map((hash) => ({ hash, vector: vectorOf.get(hash) })),
      });
    }
    for (const refusal of await vectors.upsert(owner, written))
      refused.set(refusal.id, { ...refusal, kind: 'refused' });
    if (failure) throw failure.error;
    turn.stepDone(embedded.vectorOf.size > 0 || written.some(({ version, id }) => version > versionsBefore.get(id)!));
    return [...refused.values()];
  }

  /**
   * Until the turn is over, but at least one call. After a failure it requests no more, but calls in progress still
   * count.
   */
  async function embedWhatWorks(texts: readonly (readonly [hash: string, text: string])[], turn: WorkTurn) {
    const vectorOf = new Map<string, Float32Array>();
    const notEmbedded = new Map<string, string>();
    let failure: { readonly error: unknown } | undefined;
    let next = 0;
    const embedSome = async () => {
      do {
        const some = texts.slice(next, (next += perCall));
        if (some.length === 0) return;
        const embedded = await embedding.embed(new Map(some));
        for (const [hash, vector] of embedded.vectorOf) vectorOf.set(hash, vector);
        for (const [hash, reason] of embedded.refused) notEmbedded.set(hash, reason);
        failure ??= embedded.failure;
        if (!embedded.failure) turn.stepDone(embedded.asked);
      } while (!failure && !turn.isOver);
    };
    await Promise.all(Array.from({ length: embedsAtOnce }, embedSome));
    return { vectorOf, notEmbedded, failure: failure as typeof failure };
  }
}

/** What is known of the texts of passages, by the hashes of their chunks. */
function ofChunks<Value>(passages: Iterable<Passage>, known: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const { hash, textHash } of passages) {
    const value = known.get(textHash);
    if (value !== undefined) found.set(hash, value);
  }
  return found;
}

function openDocument(
  { text, heading, ...document }: TextDocument,
  before: IndexedVectorDocument | undefined,
): OpenDocument {
  const stored = new Set(before?.hashes);
  const hashes: string[] = [];
  const missing = new Map<string, Passage>();
  const { chunks, omitted } = chunksToEmbed(text);
  for (const chunk of chunks) {
    const passage = passageOf(chunk, heading);
    hashes.push(passage.hash);
    if (!stored.has(passage.hash)) missing.set(passage.hash, passage);
  }
  const versionBefore = Math.min(before?.version ?? 0, document.version);
  return { document: { ...document, omitted }, hashes, stored, versionBefore, missing };
}
