import type { Worker } from 'node:worker_threads';
import { StoreUnavailableError, UnusableStoreError, type StoreName } from '../description.ts';
import type { Answer, Failure, Reply, Request, ThreadSettings } from './protocol.ts';
import { giveBack, takeThread } from './spare-threads.ts';

/**
 * Maximum number of waiting calls per thread; more are rejected at once rather than kept in memory. Well above what
 * one batch of a projector needs at once, because a rejected batch would come back just as large.
 */
const MAX_PENDING = 10_000;

/**
 * One worker thread with its own connection. Answers calls in order. When the thread dies, its pending calls fail as
 * unavailable and the next call restarts it: SQLite's WAL makes that safe.
 */
export class DatabaseThread {
  private readonly store: StoreName;
  private readonly entry: URL;
  private readonly settings: ThreadSettings;
  private readonly calls = new Map<number, PromiseWithResolvers<unknown>>();
  private running: Promise<Worker> | undefined;
  private closing: Promise<void> | undefined;
  private lastId = 0;
  private waiting = 0;

  constructor(store: StoreName, entry: URL, settings: ThreadSettings) {
    this.store = store;
    this.entry = entry;
    this.settings = settings;
  }

  /** Whether no call waits for it. */
  get idle(): boolean {
    return this.waiting === 0;
  }

  /** Starts the thread unless it runs. Rejects if the database cannot be opened. */
  start(): Promise<Worker> {
    this.running ??= this.spawn();
    return this.running;
  }

  /** Throws StoreUnavailableError, or a plain Error if the operation is at fault. */
  async call(operation: string, args: unknown, durable: boolean): Promise<unknown> {
    if (this.closing) throw this.unavailable('it is closed');
    if (this.waiting >= MAX_PENDING) throw this.unavailable(`${MAX_PENDING} calls are waiting`);
    this.waiting += 1;
    try {
      const worker = await this.start();
      const id = (this.lastId += 1);
      worker.postMessage({ id, operation, args, durable } satisfies Request);
      const answer = Promise.withResolvers<unknown>();
      this.calls.set(id, answer);
      return await answer.promise;
    } finally {
      this.waiting -= 1;
    }
  }

  /** Lets pending calls finish, then closes the database and leaves the thread to the next one. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    const worker = await this.running?.catch(() => undefined);
    if (!worker || worker.threadId === -1) return;
    const closed = Promise.withResolvers<void>();
    worker.once('exit', () => closed.resolve());
    worker.on('message', (answer: Answer) => {
      if (!('closed' in answer)) return;
      giveBack(this.entry, worker);
      closed.resolve();
    });
    worker.postMessage({ close: true } satisfies Request);
    await closed.promise;
    this.running = undefined;
  }

  private spawn(): Promise<Worker> {
    const opened = Promise.withResolvers<Worker>();
    const worker = takeThread(this.entry);
    worker.on('message', (answer: Answer) => {
      if ('id' in answer) {
        this.settle(answer);
      } else if ('opened' in answer) {
        opened.resolve(worker);
      } else if ('message' in answer) {
        this.running = undefined;
        giveBack(this.entry, worker);
        opened.reject(this.errorOf(answer));
      }
    });
    let crash: unknown;
    worker.once('error', (error) => (crash = error));
    worker.once('exit', (code) => {
      this.running = undefined;
      const lost = this.unavailable(crash ?? `its thread ended with code ${code}`);
      opened.reject(lost);
      for (const call of this.calls.values()) call.reject(lost);
      this.calls.clear();
    });
    worker.postMessage({ open: this.settings } satisfies Request);
    return opened.promise;
  }

  private settle(reply: Reply): void {
    const call = this.calls.get(reply.id);
    this.calls.delete(reply.id);
    if ('result' in reply) call?.resolve(reply.result);
    else call?.reject(this.errorOf(reply));
  }

  private errorOf({ message, cause, unavailable, unavailability, damaged }: Failure): Error {
    if (damaged) {
      return new UnusableStoreError(this.store, {
        message: `the ${this.store} store is damaged: ${this.settings.file}: ${message}`,
        cause,
      });
    }
    return unavailable
      ? this.unavailable(cause, unavailability)
      : new Error(`${this.store} store: ${message}`, { cause });
  }

  private unavailable(cause: unknown, what?: string): StoreUnavailableError {
    return new StoreUnavailableError(this.store, {
      cause,
      ...(what !== undefined && { message: `the ${this.store} store ${what}` }),
    });
  }
}
