import { createHash } from 'node:crypto';
import type { Owner } from '@opensync/contracts';
import type { DocumentStore, SearchStore, VectorStore } from '@opensync/stores';
import { messageIds } from '../indexing/message-pages.ts';
import { sessionPages } from './walk.ts';

/** A digest of one document in a generation: two digests are equal exactly if the contents are. */
export interface Entry {
  /** Grows with the contents: for a document its highest sequence, for an index row its version. */
  readonly version: number;
  readonly digest: string;
}

/** One generation, to be compared with another. */
export interface Contents {
  /** The sessions to compare, in pages. */
  sessions(owner: Owner): AsyncIterable<readonly string[]>;
  /** The stored facts of a session and its messages, by id. */
  entries(owner: Owner, sessionId: string): Promise<ReadonlyMap<string, Entry>>;
}

/** Heads are a few kilobytes at most, and eight sessions are compared at once. */
const SUMMARIES_PER_READ = 500;

/** For a generation that cannot be read. */
export const NO_CONTENTS: Contents = {
  async *sessions() {},
  entries: async () => new Map(),
};

/**
 * For documents: the heads of messages and the sums over their parts. The event that set a text or a part determines
 * its contents, so none of them is read.
 */
export function documentContents(documents: DocumentStore): Contents {
  return {
    sessions: (owner) => sessionIds(documents, owner),
    async entries(owner, sessionId) {
      const entries = new Map<string, Entry>();
      const session = (await documents.load(owner, { sessions: [sessionId] })).sessions.get(sessionId);
      if (session) {
        const { revision: _revision, ...state } = session;
        entries.set(sessionId, { version: state.span.lastSequence, digest: digestOf(state) });
      }
      for await (const ids of messageIds(documents, owner, sessionId)) {
        for (let at = 0; at < ids.length; at += SUMMARIES_PER_READ) {
          const summaries = await documents.messageSummaries(owner, ids.slice(at, at + SUMMARIES_PER_READ));
          for (const [id, { message, parts, bytes }] of summaries) {
            const version = Math.max(message.span.lastSequence, parts.lastSequence);
            entries.set(id, { version, digest: digestOf([message, parts, bytes]) });
          }
        }
      }
      return entries;
    },
  };
}

/** For an index: its stored facts about the sessions and messages in the documents. */
export function indexContents(
  index: Pick<SearchStore, 'indexed'> | Pick<VectorStore, 'indexed'>,
  documents: DocumentStore,
): Contents {
  return {
    sessions: (owner) => sessionIds(documents, owner),
    async entries(owner, sessionId) {
      const entries = new Map<string, Entry>();
      const look = async (ids: readonly string[]) => {
        for (const [id, document] of await index.indexed(owner, ids)) {
          entries.set(id, { version: document.version, digest: digestOf(document) });
        }
      };
      await look([sessionId]);
      for await (const ids of messageIds(documents, owner, sessionId)) await look(ids);
      return entries;
    },
  };
}

async function* sessionIds(documents: DocumentStore, owner: Owner): AsyncGenerator<readonly string[]> {
  for await (const page of sessionPages(documents, owner)) yield page.map(({ id }) => id);
}

/** Digits of a sum that do not depend on the order of addition. */
const PRECISION = 12;

/** SHA-256 over JSON with sorted keys, and fractions as precise as sums of them are. */
function digestOf(value: unknown): string {
  const canonical = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'number' && !Number.isInteger(member)) return Number(member.toPrecision(PRECISION));
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(canonical).digest('base64');
}
