import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reasonOf } from '@opensync/platform';
import { StoreUnavailableError, UnusableStoreError, type StoreName } from '../description.ts';
import type { Positioned, Reaching, StorePosition } from '../position/port.ts';
import type { DatabaseOptions } from './connection.ts';
import type { DatabaseDefinition, Operation } from './protocol.ts';
import { prepareThread } from './spare-threads.ts';
import { DatabaseThread } from './thread.ts';

export interface OpenDatabase {
  /** Named in errors. */
  readonly store: StoreName;
  /** The worker module, which calls `serveDatabase`. */
  readonly entry: URL;
  /** Created if it does not exist, with its folder. */
  readonly file: string;
  readonly options?: DatabaseOptions;
}

/**
 * A SQLite file behind two worker threads, since node:sqlite is synchronous and would block the event loop: one
 * writes, one reads. Calls of one kind run in order; a read sees every write that has resolved. Calls reject with
 * StoreUnavailableError (worth retrying), or a plain Error if the operation itself is wrong.
 */
export class SqliteDatabase<Definition extends DatabaseDefinition> {
  private readonly writer: DatabaseThread;
  private readonly reader: DatabaseThread;

  private constructor(writer: DatabaseThread, reader: DatabaseThread) {
    this.writer = writer;
    this.reader = reader;
  }

  /** Opens the file and updates its schema. Throws StoreUnavailableError naming the file if it cannot. */
  static async open<Definition extends DatabaseDefinition>(open: OpenDatabase): Promise<SqliteDatabase<Definition>> {
    const { store, entry, file, options = {} } = open;
    await mkdir(dirname(file), { recursive: true });
    const writer = new DatabaseThread(store, entry, { file, options, role: 'writer' });
    const reader = new DatabaseThread(store, entry, { file, options, role: 'reader' });
    const database = new SqliteDatabase<Definition>(writer, reader);
    try {
      // The writer first: it makes the file and its schema, while the reader's thread loads its modules.
      const writing = writer.start();
      prepareThread(entry);
      await writing;
      await reader.start();
    } catch (error) {
      await database.close();
      throw error instanceof StoreUnavailableError ? await cannotOpen(file, error) : error;
    }
    return database;
  }

  /**
   * Runs a write. Committed when it resolves, and synced unless it need not be durable: then the next write that must
   * be syncs it as well.
   */
  write<Name extends keyof Definition['writes'] & string>(
    name: Name,
    args: Args<Definition['writes'][Name]>,
    { durable = true }: { readonly durable?: boolean | undefined } = {},
  ) {
    return this.writer.call(name, args, durable) as Promise<ReturnType<Definition['writes'][Name]>>;
  }

  /** Runs a read in parallel with the writes, after earlier reads, however long those take. */
  read<Name extends keyof Definition['reads'] & string>(name: Name, args: Args<Definition['reads'][Name]>) {
    return this.reader.call(name, args, false) as Promise<ReturnType<Definition['reads'][Name]>>;
  }

  /**
   * Runs a read that is short regardless of the stored amount (by ids). On the writing thread if that is idle: a
   * writer's page cache survives its commits, while a reader's is dropped by them, and looked-up rows are often
   * written next. Otherwise on the reading thread, but never behind a long query there.
   */
  lookUp<Name extends keyof Definition['reads'] & string>(name: Name, args: Args<Definition['reads'][Name]>) {
    const thread = this.writer.idle || !this.reader.idle ? this.writer : this.reader;
    return thread.call(name, args, false) as Promise<ReturnType<Definition['reads'][Name]>>;
  }

  /** The operations of the store's position, for its port. */
  positioned(): Positioned {
    return {
      // On the writing thread, as it is compared with what was set there.
      position: () => this.writer.call('position', undefined, false) as Promise<StorePosition | undefined>,
      setPosition: (next, before) => this.writer.call('setPosition', { next, before }, true) as Promise<boolean>,
    };
  }

  /** The reach of a store of events, for its port; its `save` raises it. */
  reaching(): Reaching {
    return { reach: () => this.reader.call('reach', undefined, false) as Promise<number> };
  }

  /** Lets pending calls finish and moves the WAL into the file. */
  async close(): Promise<void> {
    // The reader first, so that the writer's checkpoint meets no open snapshot.
    await this.reader.close();
    await this.writer.close();
  }
}

type Args<O extends Operation> = Parameters<O>[1];

async function cannotOpen(file: string, error: StoreUnavailableError): Promise<StoreUnavailableError> {
  if (error instanceof UnusableStoreError) return error;
  const { store, cause } = error;
  return new StoreUnavailableError(store, {
    cause,
    message: `the ${store} store cannot be opened: ${(await inTheWay(file)) ?? `${file}: ${reasonOf(cause)}`}`,
  });
}

/** The obstacle that keeps SQLite from opening a file, which SQLite does not name. */
async function inTheWay(file: string): Promise<string | undefined> {
  const fix = 'give its owner and mode back, or move it away: the store is filled from the log again';
  for (const path of [dirname(file), file, `${file}-wal`, `${file}-shm`]) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => undefined,
    );
    if (isFolder && path !== dirname(file)) return `${path} is a folder, not a file; move it away`;
    if (isFolder === undefined) continue;
    try {
      await access(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      return `${path} cannot be read and written (${(error as NodeJS.ErrnoException).code}); ${fix}`;
    }
  }
  return undefined;
}
