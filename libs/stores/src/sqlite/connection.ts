import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { affordable } from '@opensync/platform/memory';
import { isBusy } from './errors.ts';
import { POSITION_TABLES } from './position.ts';

/** One thread writes; another one reads in parallel, so that a long query never blocks a commit. */
export type Role = 'writer' | 'reader';

/** What the opener passes to migrations and operations, e.g. `{ dimensions: 512 }`. */
export type DatabaseOptions = Readonly<Record<string, string | number>>;

/** SQL, or a function if the schema depends on the options. Runs once, in a transaction. */
export type Migration = string | ((connection: Connection) => void);

/** How long a statement waits for another process that holds the lock, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_PAUSE_MS = 10;
/** Prepared statements kept; the least recently used goes first. */
const STATEMENT_CACHE_SIZE = 256;

const PRAGMAS: Readonly<Record<Role, string>> = {
  // FULL syncs the WAL at every durable commit: what a consumer has acknowledged must survive a power failure. Checkpoints
  // run every 32 MiB instead of 4: a single bulk save fills 2, much of it index pages that the next one rewrites.
  writer: `
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;`,
  reader: `
    PRAGMA query_only = ON;
    PRAGMA mmap_size = 268435456;
    PRAGMA temp_store = MEMORY;`,
};

const MEBIBYTE = 1024 * 1024;
/** Bytes of the page cache of a connection. A process has six connections. */
const CACHE: Readonly<Record<Role, number>> = {
  writer: affordable(32 * MEBIBYTE, 1 / 64),
  reader: affordable(16 * MEBIBYTE, 1 / 128),
};

export interface ConnectionSettings {
  readonly file: string;
  readonly role: Role;
  readonly options: DatabaseOptions;
  /** Files of loadable extensions. */
  readonly extensions: readonly string[];
}

/**
 * Retries while another process has the lock. SQLite itself does not wait for a switch to WAL if another connection
 * is about to write, so all but one of several processes that open a new file at the same time would fail.
 */
function untilNotBusy<Result>(run: () => Result): Result {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

/** An open database in a worker thread: what operations work with. */
export class Connection {
  readonly database: DatabaseSync;
  readonly options: DatabaseOptions;
  private readonly statements = new Map<string, StatementSync>();
  /** The number of migrations. */
  private version = 0;
  private synchronous: 'FULL' | 'NORMAL' = 'FULL';
  /** The last commits are not on disk for certain. */
  private unsynced = false;

  /** Throws what node:sqlite throws. */
  constructor({ file, role, options, extensions }: ConnectionSettings) {
    this.options = options;
    this.database = new DatabaseSync(file, {
      timeout: BUSY_TIMEOUT_MS,
      enableForeignKeyConstraints: false,
      allowExtension: extensions.length > 0,
    });
    try {
      for (const extension of extensions) this.database.loadExtension(extension);
      if (role === 'writer') {
        const mode = untilNotBusy(() => this.database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode);
        if (mode !== 'wal') throw new Error(`${file} cannot be used in WAL mode: its file system lacks shared memory`);
      }
      this.database.exec(`${PRAGMAS[role]} PRAGMA cache_size = -${Math.ceil(CACHE[role] / 1024)};`);
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** The prepared statement of this SQL, kept for the next time. */
  statement(sql: string): StatementSync {
    return this.kept(sql, () => this.database.prepare(sql));
  }

  /** The same with its rows as arrays of columns: half the cost of objects, here and on the way to the other thread. */
  arrays(sql: string): StatementSync {
    return this.kept(`arrays ${sql}`, () => {
      const statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    });
  }

  private kept(name: string, prepare: () => StatementSync): StatementSync {
    let statement = this.statements.get(name);
    if (statement) this.statements.delete(name);
    else {
      if (this.statements.size >= STATEMENT_CACHE_SIZE) this.statements.delete(this.statements.keys().next().value!);
      statement = prepare();
    }
    this.statements.set(name, statement);
    return statement;
  }

  /**
   * Runs statements that create objects in the schema `temp`, which lives as long as this connection; a reader may
   * create nothing else.
   */
  makeTemporary(sql: string): void {
    const [{ query_only: mode }] = this.database.prepare('PRAGMA query_only').all() as [{ query_only: number }];
    this.database.exec('PRAGMA query_only = OFF');
    try {
      this.database.exec(sql);
    } finally {
      this.database.exec(`PRAGMA query_only = ${mode}`);
    }
  }

  /** Brings the schema to the last of `migrations`; `user_version` says how many have run. */
  migrate(migrations: readonly Migration[]): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const version = Number(this.database.prepare('PRAGMA user_version').get()!.user_version);
      if (version > migrations.length) {
        throw new Error(`${this.database.location()} was written by a newer version (schema ${version})`);
      }
      for (const migration of migrations.slice(version)) {
        if (typeof migration === 'string') this.database.exec(migration);
        else migration(this);
      }
      this.version = migrations.length;
      this.database.exec(`PRAGMA user_version = ${this.version}`);
      this.database.exec(POSITION_TABLES);
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Begins a transaction of the writer. A durable one also makes the commits before it durable. */
  beginWrite(durable: boolean): void {
    const mode = durable ? 'FULL' : 'NORMAL';
    if (mode !== this.synchronous) this.database.exec(`PRAGMA synchronous = ${mode}`);
    this.synchronous = mode;
    this.statement('BEGIN IMMEDIATE').run();
    // A commit syncs the WAL only if it appends to it.
    if (durable && this.unsynced) this.database.exec(`PRAGMA user_version = ${this.version}`);
  }

  commit(durable: boolean): void {
    this.statement('COMMIT').run();
    this.unsynced = !durable;
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }
}
