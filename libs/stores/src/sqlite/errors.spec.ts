import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { isUnavailable } from './errors.ts';

describe('isUnavailable', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(() => folder.remove());

  it('holds if another process has the lock', () => {
    const file = join(folder.path, 'locked');
    using other = new DatabaseSync(file);
    using database = new DatabaseSync(file);
    other.exec('CREATE TABLE t (x); BEGIN EXCLUSIVE');
    expect(isUnavailable(errorOf(() => database.exec('INSERT INTO t VALUES (1)')))).toBe(true);
  });

  it('holds if the file is something else or cannot be opened', () => {
    const file = join(folder.path, 'garbage');
    writeFileSync(file, 'not a database '.repeat(1_000));
    using database = new DatabaseSync(file);
    expect(isUnavailable(errorOf(() => database.exec('SELECT * FROM sqlite_schema')))).toBe(true);
    expect(isUnavailable(errorOf(() => new DatabaseSync(folder.path)))).toBe(true);
  });

  it('does not hold if the statement or its values are wrong', () => {
    using database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE t (x INTEGER NOT NULL UNIQUE) STRICT; INSERT INTO t VALUES (1)');
    for (const sql of [
      'SELEC',
      'SELECT * FROM absent',
      'INSERT INTO t VALUES (1)',
      'INSERT INTO t VALUES (NULL)',
      "INSERT INTO t VALUES ('text')",
    ]) {
      expect(isUnavailable(errorOf(() => database.exec(sql)))).toBe(false);
    }
  });

  it("does not hold for errors that are not SQLite's", () => {
    expect(isUnavailable(new TypeError('bug'))).toBe(false);
    expect(isUnavailable('thrown')).toBe(false);
  });
});

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('expected to throw');
}
