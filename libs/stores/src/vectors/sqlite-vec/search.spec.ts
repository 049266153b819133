import { DatabaseSync } from 'node:sqlite';
import { monotonicMs } from '../../monotonic.ts';
import type { Connection } from '../../sqlite/connection.ts';
import { search } from './search.ts';

const SCHEMA = `
  CREATE TABLE owners (owner INTEGER PRIMARY KEY, workspace_id TEXT, user_id TEXT);
  CREATE TABLE documents (document INTEGER PRIMARY KEY, owner INTEGER, id TEXT, session INTEGER, collection TEXT, shared INTEGER);
  CREATE TABLE sessions (session INTEGER PRIMARY KEY, id TEXT);
  CREATE TABLE chunks (chunk INTEGER PRIMARY KEY, hash TEXT, vector BLOB);
  CREATE TABLE signatures (owner INTEGER, session INTEGER, chunk INTEGER, bits BLOB);
  INSERT INTO owners VALUES (1, 'w', 'u');
  INSERT INTO documents VALUES (1, 1, 'm', 1, 'messages', NULL);
  INSERT INTO sessions VALUES (1, 's');
  INSERT INTO chunks VALUES (1 << 20, 'h', x'00');`;

describe('a search in sqlite-vec', () => {
  it('ends while it compares signatures', () => {
    const database = new DatabaseSync(':memory:');
    database.exec(SCHEMA);
    let compared = 0;
    database.function('vec_bit', (bits) => bits);
    database.function('vec_distance_cosine', { varargs: true }, () => 0);
    // Slower than any time that a search has.
    database.function('vec_distance_hamming', { varargs: true }, () => {
      compared += 1;
      const end = performance.now() + 1;
      while (performance.now() < end);
      return 0;
    });
    const insert = database.prepare("INSERT INTO signatures VALUES (1, ?1, ?1 << 20, x'00')");
    for (let document = 1; document <= 100_000; document += 1) insert.run(document);
    const connection = {
      database,
      statement: (sql: string) => database.prepare(sql),
    } as unknown as Connection;
    const query = { reader: { workspaceId: 'w', userId: 'u' }, vector: new Float32Array(8), filter: {}, limit: 1 };
    expect(() => search(connection, { ...query, until: monotonicMs() + 5 })).toThrow('the time of the search is up');
    expect(compared).toBeLessThan(1_000);
    database.close();
  });
});
