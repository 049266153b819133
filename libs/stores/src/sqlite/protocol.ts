import type { Connection, ConnectionSettings, Migration } from './connection.ts';

/**
 * Runs in a worker thread, synchronously. Arguments and result cross threads by structured clone: on hot paths
 * pass flat arrays of strings and numbers, which clone at the speed of a copy.
 */
export type Operation = (connection: Connection, args: never) => unknown;

/** What a worker module serves. Its type is what {@link SqliteDatabase} is typed by. */
export interface DatabaseDefinition {
  /** Append only. */
  readonly migrations: readonly Migration[];
  /** Files of loadable extensions. */
  readonly extensions?: readonly string[];
  /** Run on the writing thread, each all or nothing. */
  readonly writes: Readonly<Record<string, Operation>>;
  /** Each sees one snapshot. */
  readonly reads: Readonly<Record<string, Operation>>;
}

export type ThreadSettings = Omit<ConnectionSettings, 'extensions'>;

export interface Call {
  readonly id: number;
  readonly operation: string;
  readonly args: unknown;
  /** Whether it may only be answered once it is on disk, with all that was committed before it. */
  readonly durable: boolean;
}

/** A thread opens one database, answers calls until it closes it, and then may open another one. */
export type Request = { readonly open: ThreadSettings } | Call | { readonly close: true };

export interface Failure {
  readonly message: string;
  /** As thrown, for logs. */
  readonly cause: unknown;
  /** Not the caller's fault: worth retrying. */
  readonly unavailable: boolean;
  /** Why it cannot serve for now, for people, if known. */
  readonly unavailability: string | undefined;
  /** Retrying does not help: the file is damaged. */
  readonly damaged: boolean;
}

export type Reply = { readonly id: number } & ({ readonly result: unknown } | Failure);

/** Whether the thread could open the database. */
export type Opened = { readonly opened: true } | Failure;

export type Answer = Opened | Reply | { readonly closed: true };
