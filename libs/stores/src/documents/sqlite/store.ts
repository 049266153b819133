import { promptOfMessage, type SessionRollup, type Owner } from '@opensync/contracts';
import { workerEntry } from '@opensync/platform/node';
import { SqliteDatabase } from '../../sqlite/index.ts';
import { byPresence } from '../gone.ts';
import { rollupOfRow, type RollupRow } from '../rollup-rows.ts';
import { beginningOf, ownExcerpt, stringBeginning, textBytes } from '../heads.ts';
import { currentToolParts } from '../outlines.ts';
import type { DocumentStore, LoadedDocuments, MessagePlace, SavedDocuments } from '../port.ts';
import { sqliteFigures } from './figure-store.ts';
import { outlinedMessages, storedToolPart } from './read-outlines.ts';
import { readMessage, readPart, readHead, readSession, rowsOf } from './rows.ts';
import type { DocumentsDatabase, RemovedPage } from './worker.ts';
import { statsOf } from '../stats.ts';

/**
 * Documents in a SQLite file, which is created if it does not exist.
 * @throws StoreUnavailableError if the file cannot be opened
 */
export async function openSqliteDocuments(file: string): Promise<DocumentStore> {
  const entry = workerEntry(import.meta.url, 'worker');
  const database = await SqliteDatabase.open<DocumentsDatabase>({ store: 'documents', entry, file });
  return {
    async load(owner, { sessions = [], messages = [], rollups = [] }): Promise<LoadedDocuments> {
      const found = await database.lookUp('load', { owner, sessions, messages, rollups });
      return {
        ...byPresence(found.sessions.map((row) => ({ ...readSession(owner, row.state), revision: row.revision }))),
        rollups: new Map(found.rollups.map(([id, rollup]) => [id, readRollup(owner, rollup)])),
        messages: new Map(
          found.messages.map((row) => [row.id, { ...readHead(owner, row.state), revision: row.revision }]),
        ),
      };
    },

    async save(documents: SavedDocuments) {
      const { reach, durable } = documents;
      return database.write('save', { ...rowsOf(documents), reach }, { durable });
    },

    async removeBefore(owner, sessionId, sequence, { messageIds = [], mixedIds = [] } = {}) {
      const mixed: string[] = [];
      for (let after: MessagePlace | undefined = { createdAt: -Infinity, sequence: 0 }; after;) {
        const page: RemovedPage = await database.write('removeBefore', {
          ...{ owner, sessionId, sequence, after, messageIds, mixedIds },
        });
        mixed.push(...page.mixed);
        after = page.last;
      }
      return mixed;
    },

    hasBefore: (owner, sessionId, sequence) => database.read('hasBefore', { owner, sessionId, sequence }),

    goneSessions: (owner, query) => database.read('goneSessions', { owner, query }),

    trashed: (query) => database.read('trashed', query),

    async published(hash) {
      const found = await database.read('published', hash);
      return found && readSession({ workspaceId: found.workspaceId, userId: found.userId }, found.state);
    },

    async sessionsById(reader, ids) {
      const found = await database.lookUp('sessionsById', { reader, ids });
      const { workspaceId } = reader;
      return new Map(found.map(({ id, userId, state }) => [id, readSession({ workspaceId, userId }, state)]));
    },

    visibleIds: (reader, ids) => database.read('visibleIds', { reader, ids }),

    async sessions(reader, query) {
      const { workspaceId, userId } = reader;
      const { states, users } = await database.read('sessions', { reader, query });
      const own = { workspaceId, userId };
      return states.map((state, at) => readSession(users ? { workspaceId, userId: users[at]! } : own, state));
    },

    async startedBy(reader, { owner, externalId }, { limit }) {
      const states = await database.read('startedBy', { reader, parent: { owner, externalId }, limit });
      return states.map((state) => readSession(owner, state));
    },

    messageKeys: (owner, sessionId, query) => database.read('messageKeys', { owner, sessionId, query }),

    async messageOutlines(owner, sessionId, query) {
      return outlinedMessages(owner, await database.read('messageOutlines', { owner, sessionId, query }));
    },

    async toolParts(owner, sessionId, callIds) {
      const rows = await database.read('toolParts', { owner, sessionId, callIds });
      return currentToolParts(rows.map((row) => storedToolPart(owner, row)));
    },

    async messageSummaries(owner, ids) {
      const rows = await database.lookUp('messageSummaries', { owner, ids });
      return new Map(
        rows.map(([id, state, version, lastSequence, bytes]) => {
          const message = readHead(owner, state);
          return [id, { message, parts: { version, lastSequence }, bytes: textBytes(message) + bytes }];
        }),
      );
    },

    async wholeMessages(owner, ids, maxBytes) {
      const { messages, parts, rest } = await database.read('wholeMessages', { owner, ids, maxBytes });
      const partsOf = Map.groupBy(parts, ([messageId]) => messageId);
      const whole = messages.map(([id, state, text]) => ({
        message: readMessage(owner, state, text),
        parts: (partsOf.get(id) ?? []).map((part) => readPart(owner, part)).sort((a, b) => a.order - b.order),
      }));
      return { messages: whole, rest };
    },

    messagesWithMedia: (owner, sessionId, sha256) => database.read('messagesWithMedia', { owner, sessionId, sha256 }),

    async excerpts(owner, ids) {
      const rows = await database.read('excerpts', { owner, ids });
      const excerpts = rows.map(({ id, state, texts }): [string, string] => {
        const own = ownExcerpt(readHead(owner, state));
        return [id, own || beginningOf(texts.map(({ preview, json }) => preview || stringBeginning(json)).join('\n'))];
      });
      return new Map(excerpts.filter(([, excerpt]) => excerpt !== ''));
    },

    async stats(reader) {
      const { groups, messages } = await database.read('stats', reader);
      return statsOf(groups, messages);
    },

    async describe() {
      const { version, ...counts } = await database.read('counts', undefined);
      return { engine: `SQLite ${version} (embedded)`, location: file, counts };
    },

    ...sqliteFigures(database),
    ...database.positioned(),
    ...database.reaching(),
    close: () => database.close(),
  };
}

function readRollup(owner: Owner, { prompt, ...counted }: RollupRow): SessionRollup {
  return rollupOfRow({
    ...counted,
    prompt: prompt === null ? null : promptOfMessage(readHead(owner, prompt)),
  });
}
