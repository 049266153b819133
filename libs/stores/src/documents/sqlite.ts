import { EMPTY_ROLLUP, type MessageState, type Owner, type PartState, type SessionState } from '@opensync/contracts';
import { SqliteDatabase, workerEntry } from '../sqlite/index.ts';
import type { DocumentStore, LoadedDocuments, MessageQuery, OwnerStats, SavedDocuments, SessionQuery } from './port.ts';
import { readRevised, readState, rowsOf } from './sqlite.rows.ts';
import type { DocumentsDatabase } from './sqlite.worker.ts';
import { statsOf } from './stats.ts';

/**
 * Documents in a SQLite file, which is made where it does not exist.
 * @throws StoreUnavailableError where the file cannot be opened.
 */
export async function openSqliteDocuments(file: string): Promise<DocumentStore> {
  const entry = workerEntry(import.meta.url, 'sqlite.worker');
  const database = await SqliteDatabase.open<DocumentsDatabase>({ store: 'documents', entry, file });
  return {
    async load(owner, { sessions = [], messages = [], rollups = [] }): Promise<LoadedDocuments> {
      const found = await database.lookUp('load', { owner, sessions, messages, rollups });
      return {
        sessions: new Map(found.sessions.map((row) => [row.id, readRevised<SessionState>(owner, row)])),
        rollups: new Map(found.rollups.map(([id, rollup]) => [id, { ...EMPTY_ROLLUP, ...rollup }])),
        messages: new Map(
          found.messages.map(({ id, revision, state, parts }) => {
            const message = state === undefined ? undefined : readState<MessageState>(owner, state);
            return [id, { message, parts: readParts(owner, parts), revision }];
          }),
        ),
      };
    },

    async save(documents: SavedDocuments) {
      return database.write('save', rowsOf(documents));
    },

    async sessions(owner: Owner, query: SessionQuery) {
      const states = await database.read('sessions', { owner, query });
      return states.map((state) => readState<SessionState>(owner, state));
    },

    async messages(owner: Owner, sessionId: string, query: MessageQuery) {
      const rows = await database.read('messages', { owner, sessionId, query });
      return rows.map(({ state, parts }) => ({
        message: readState<MessageState>(owner, state),
        parts: readParts(owner, parts),
      }));
    },

    async stats(owner: Owner): Promise<OwnerStats> {
      const { groups, messages } = await database.read('stats', owner);
      return statsOf(groups, messages);
    },

    async describe() {
      const { version, ...counts } = await database.read('counts', undefined);
      return { engine: `SQLite ${version} (embedded)`, location: file, counts };
    },

    close: () => database.close(),
  };
}

function readParts(owner: Owner, states: readonly string[]): PartState[] {
  return states.map((state) => readState<PartState>(owner, state));
}
