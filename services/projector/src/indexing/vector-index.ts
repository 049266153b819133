import { createHash } from 'node:crypto';
import { headingVersion, messageRowVersion, type Owner } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { chunkText, type VectorChunk, type VectorDocument, type VectorStore } from '@opensync/stores';
import type { DocumentIndex } from './changed-documents.ts';
import { headingOf } from './heading.ts';
import { messageText, type PayloadReader } from './message-text.ts';

/** Vectors are written in groups of this many chunks: what a slow model embeds in seconds, so that progress is kept. */
const CHUNKS_PER_WRITE = 64;

export interface VectorIndexResources {
  readonly vectors: VectorStore;
  readonly payloads: PayloadReader;
  /** One vector of unit length for each text. */
  readonly embed: (texts: readonly string[]) => Promise<Float32Array[]>;
  /** Told of each text that the model will not embed; the text itself is not in the error. */
  readonly onRefused?: (error: unknown) => void;
}

interface TextDocument extends Omit<VectorDocument, 'chunks'> {
  readonly text: string;
}

/** The vectors of messages (their own words, in chunks) and of sessions (title and project). */
export function vectorIndex({ vectors, payloads, embed, onRefused }: VectorIndexResources): DocumentIndex {
  return {
    headings: (owner, sessionIds) => vectors.indexed(owner, sessionIds),

    writeSessions: (owner, sessions) =>
      write(
        owner,
        sessions.map((session) => {
          const { title, ...heading } = headingOf(session);
          return {
            id: session.id,
            collection: 'sessions' as const,
            sessionId: session.id,
            version: headingVersion(session),
            text: title === '' ? '' : `${title}\n${heading.projectName}`.trim(),
            ...heading,
          };
        }),
      ),

    async writeMessages(owner, of) {
      const documents: TextDocument[] = [];
      for (const { session, messages } of of) {
        const { title: _title, ...heading } = headingOf(session);
        for (const message of messages) {
          documents.push({
            id: message.message.id,
            collection: 'messages',
            sessionId: session.id,
            version: messageRowVersion(message, session),
            text: (await messageText(message, payloads)).text,
            ...heading,
          });
        }
      }
      await write(owner, documents);
    },
  };

  async function write(owner: Owner, documents: readonly TextDocument[]): Promise<void> {
    let group: VectorDocument[] = [];
    let texts = new Map<string, string>();
    const stored = await vectors.indexed(
      owner,
      documents.map(({ id }) => id),
    );
    const flush = async () => {
      await vectors.upsert(owner, await withVectors(group, texts));
      group = [];
      texts = new Map();
    };
    for (const { text, ...document } of documents) {
      const kept = new Set(stored.get(document.id)?.hashes);
      const chunks: VectorChunk[] = [];
      for (const chunk of chunkText(text)) {
        const hash = createHash('sha256').update(chunk).digest('hex');
        chunks.push({ hash });
        if (!kept.has(hash)) texts.set(hash, chunk);
      }
      group.push({ ...document, chunks });
      if (texts.size >= CHUNKS_PER_WRITE) await flush();
    }
    if (group.length > 0) await flush();
  }

  /** Embeds each new text once; chunks whose text is stored already go without a vector. */
  async function withVectors(documents: readonly VectorDocument[], texts: ReadonlyMap<string, string>) {
    const vectorOf = await embedEach(texts);
    return documents.map((document) => ({
      ...document,
      chunks: document.chunks
        .map(({ hash }) => ({ hash, vector: vectorOf.get(hash) }))
        .filter(({ hash, vector }) => vector !== undefined || !texts.has(hash)),
    }));
  }

  /**
   * The vector of each text, by hash. Where the model refuses the texts together, each is asked for alone, and one
   * that it refuses is left without: it must not take its neighbours with it, and full text still finds it.
   */
  async function embedEach(texts: ReadonlyMap<string, string>): Promise<Map<string, Float32Array>> {
    const hashes = [...texts.keys()];
    if (hashes.length === 0) return new Map();
    try {
      const embedded = await embed([...texts.values()]);
      return new Map(hashes.map((hash, at) => [hash, embedded[at]!]));
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'INVALID_REQUEST')) throw error;
      if (hashes.length === 1) {
        onRefused?.(error);
        return new Map();
      }
    }
    const vectorOf = new Map<string, Float32Array>();
    for (const [hash, text] of texts) {
      for (const [, vector] of await embedEach(new Map([[hash, text]]))) vectorOf.set(hash, vector);
    }
    return vectorOf;
  }
}
