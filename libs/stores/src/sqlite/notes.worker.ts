/** A small database for the tests of the thread pair itself. */
import { threadId } from 'node:worker_threads';
import { serveDatabase, type Connection, type DatabaseDefinition } from './serve.ts';

const definition = {
  migrations: ['CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT'],
  writes: {
    add: (connection: Connection, text: string): number =>
      Number(connection.statement('INSERT INTO notes (text) VALUES (?)').run(text).lastInsertRowid),
    addThenThrow: (connection: Connection, text: string): void => {
      connection.statement('INSERT INTO notes (text) VALUES (?)').run(text);
      throw new Error('changed my mind');
    },
    addNothing: (connection: Connection): void => {
      connection.statement('INSERT INTO notes (text) VALUES (NULL)').run();
    },
    /** Bounds the file to its present size, so that the next write finds the disk full; 0 lifts the bound. */
    limitPages: ({ database }: Connection, pages: number): void => {
      database.exec(`PRAGMA max_page_count = ${pages || 1_000_000}`);
    },
    addAndTell: ({ database }: Connection, text: string): unknown => {
      database.prepare('INSERT INTO notes (text) VALUES (?)').run(text);
      return database.prepare('PRAGMA synchronous').get()!.synchronous;
    },
    nothing: (): void => undefined,
    holdWriter: hold,
    crashWriter: crash,
  },
  reads: {
    texts: (connection: Connection): string[] =>
      connection
        .statement('SELECT text FROM notes ORDER BY id')
        .all()
        .map(({ text }) => String(text)),
    pragma: ({ database }: Connection, name: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0],
    thread: () => threadId,
    uncloneable: () => () => undefined,
    hold,
    crash,
  },
} satisfies DatabaseDefinition;
export type NotesDatabase = typeof definition;

/** Keeps the thread busy: sets the first flag, then stops until the second is set. */
function hold(_connection: Connection, flags: Int32Array): void {
  Atomics.store(flags, 0, 1);
  Atomics.notify(flags, 0);
  Atomics.wait(flags, 1, 0);
}

function crash(): void {
  process.exit(7);
}

serveDatabase(definition);
