import { createHash } from 'node:crypto';
import { headingVersion, messageRowVersion, type Owner } from '@opensync/contracts';
import { ByteBudget } from '@opensync/platform';
import { chunkText, type IndexedVectorDocument, type VectorDocument, type VectorStore } from '@opensync/stores';
import pMap from 'p-map';
import type { IndexRefusal } from './change-batch.ts';
import type { DocumentIndex } from './changed-documents.ts';
import { headingOf } from './heading.ts';
import { BUDGET_BYTES } from './message-pages.ts';
import type { PayloadReader } from './read-words.ts';
import { messageTexts } from './message-texts.ts';
import { TextEmbedding, type Embed } from './text-embedding.ts';
import { Turns } from './turns.ts';

/** What one call embeds: seconds of work for a slow model, and as many as a request takes. */
const CHUNKS_PER_CALL = 64;
/** Vectors in memory before they are written. A longer text is written in steps, so that it is not lost to a restart. */
const CHUNKS_PER_WRITE = 256;

export interface VectorIndexResources {
  readonly vectors: VectorStore;
  readonly payloads: PayloadReader;
  readonly embed: Embed;
  /** Calls of `embed` at a time, whatever the number of writers; default 1, which a model on this machine keeps busy. */
  readonly embedsAtOnce?: number | undefined;
  /** Called once for each text that the model will not embed; the text itself is not in the error. */
  readonly onRefused?: (error: unknown) => void;
}

interface TextDocument extends Omit<VectorDocument, 'chunks'> {
  readonly text: string;
}

/** A document on its way into the store: its chunks by hash, in order, and which of them are stored. */
interface OpenDocument {
  readonly document: Omit<VectorDocument, 'chunks'>;
  readonly hashes: readonly string[];
  readonly stored: Set<string>;
  /** What half of it is written under: its version says that all of it is there (see receipts). */
  readonly versionBefore: number;
  /** Texts of those that are not. */
  readonly missing: ReadonlyMap<string, string>;
}

/** The vectors of messages (their own words, in chunks) and of sessions (title and project). */
export function vectorIndex(resources: VectorIndexResources): DocumentIndex {
  const { vectors, payloads, embed, embedsAtOnce = 1, onRefused } = resources;
  const turns = new Turns(embedsAtOnce);
  const embedding = new TextEmbedding({
    embed: (texts, options) => turns.take(() => embed(texts, options)),
    onRefused,
  });
  return {
    budget: new ByteBudget({ limit: BUDGET_BYTES }),
    indexed: (owner, ids) => vectors.indexed(owner, ids, { hashes: false }),

    writeSessions: (owner, sessions, onProgress) =>
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
            text: title === '' ? '' : `${title}\n${heading.projectName}`.trim(),
            ...heading,
          };
        }),
        onProgress,
      ),

    async writeMessages(owner, of, onProgress) {
      const refused: IndexRefusal[] = [];
      for await (const group of messageTexts(of, payloads, refused)) {
        const documents = group.map(({ session, message, embedded }) => {
          const { title: _title, ...heading } = headingOf(session);
          return {
            id: message.message.id,
            collection: 'messages' as const,
            sessionId: session.id,
            version: messageRowVersion(message, session),
            headingVersion: headingVersion(session),
            text: embedded,
            ...heading,
          };
        });
        refused.push(...(await write(owner, documents, onProgress)));
      }
      return refused;
    },
  };

  /**
   * Each chunk that is embedded is written, also where a later one fails: whoever is repeated goes on from there.
   * Short documents first, so that they do not wait for a long one. One that is stored whole is passed over, as when all
   * documents are told of again. Returns what the store will never take.
   */
  async function write(
    owner: Owner,
    documents: readonly TextDocument[],
    onProgress?: () => void,
  ): Promise<readonly IndexRefusal[]> {
    const refused: IndexRefusal[] = [];
    const stored = await vectors.indexed(
      owner,
      documents.map(({ id }) => id),
    );
    let group: OpenDocument[] = [];
    let texts = new Map<string, string>();
    const isNews = ({ id, version }: TextDocument) => (stored.get(id)?.version ?? 0) < version;
    for (const document of documents.filter(isNews).toSorted((a, b) => a.text.length - b.text.length)) {
      const open = openDocument(document, stored.get(document.id));
      if (group.length > 0 && texts.size + open.missing.size > CHUNKS_PER_WRITE) {
        refused.push(...(await writeGroup(owner, group, texts, onProgress)));
        group = [];
        texts = new Map();
      }
      group.push(open);
      for (const [hash, text] of open.missing) texts.set(hash, text);
    }
    if (group.length > 0) refused.push(...(await writeGroup(owner, group, texts, onProgress)));
    return refused;
  }

  async function writeGroup(
    owner: Owner,
    group: readonly OpenDocument[],
    texts: ReadonlyMap<string, string>,
    onProgress?: () => void,
  ): Promise<readonly IndexRefusal[]> {
    const refused = new Map<string, IndexRefusal>();
    const steps = texts.size === 0 ? [[]] : inGroups([...texts], CHUNKS_PER_WRITE);
    for (const [at, step] of steps.entries()) {
      const { vectorOf, notEmbedded, failure } = await embedWhatWorks(step, onProgress);
      if (failure && vectorOf.size === 0) throw failure.error;
      for (const { document, hashes } of group) {
        const hash = hashes.find((each) => notEmbedded.has(each));
        if (hash === undefined || refused.has(document.id)) continue;
        refused.set(document.id, { id: document.id, kind: 'not-embedded', reason: notEmbedded.get(hash)! });
      }
      const isComplete = (id: string) => !failure && at === steps.length - 1 && !refused.has(id);
      const accepted = group.filter(
        ({ document }) => (refused.get(document.id)?.kind ?? 'not-embedded') === 'not-embedded',
      );
      const refusals = await vectors.upsert(
        owner,
        accepted.map(({ document, hashes, stored, versionBefore }) => ({
          ...document,
          version: isComplete(document.id) ? document.version : versionBefore,
          chunks: hashes
            .filter((hash) => vectorOf.has(hash) || stored.has(hash))
            .map((hash) => ({ hash, vector: vectorOf.get(hash) })),
        })),
      );
      for (const refusal of refusals) refused.set(refusal.id, { ...refusal, kind: 'refused' });
      if (failure) throw failure.error;
      onProgress?.();
      for (const { hashes, stored } of group) for (const hash of hashes) if (vectorOf.has(hash)) stored.add(hash);
    }
    return [...refused.values()];
  }

  /** After the first failure no more is asked for, but what was under way then counts. */
  async function embedWhatWorks(texts: readonly (readonly [hash: string, text: string])[], onProgress?: () => void) {
    const vectorOf = new Map<string, Float32Array>();
    const notEmbedded = new Map<string, string>();
    let failure: { readonly error: unknown } | undefined;
    const embedSome = async (some: typeof texts) => {
      if (failure) return;
      const embedded = await embedding.embed(new Map(some));
      for (const [hash, vector] of embedded.vectorOf) vectorOf.set(hash, vector);
      for (const [hash, reason] of embedded.refused) notEmbedded.set(hash, reason);
      failure ??= embedded.failure;
      if (!embedded.failure) onProgress?.();
    };
    await pMap(inGroups(texts, CHUNKS_PER_CALL), embedSome, { concurrency: embedsAtOnce });
    return { vectorOf, notEmbedded, failure: failure as typeof failure };
  }
}

function openDocument({ text, ...document }: TextDocument, before: IndexedVectorDocument | undefined): OpenDocument {
  const stored = new Set(before?.hashes);
  const hashes: string[] = [];
  const missing = new Map<string, string>();
  for (const chunk of chunkText(text)) {
    const hash = createHash('sha256').update(chunk).digest('hex');
    hashes.push(hash);
    if (!stored.has(hash)) missing.set(hash, chunk);
  }
  const versionBefore = Math.min(before?.version ?? 0, document.version);
  return { document, hashes, stored, versionBefore, missing };
}

function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  const groups: Item[][] = [];
  for (let at = 0; at < items.length; at += size) groups.push(items.slice(at, at + size));
  return groups;
}
