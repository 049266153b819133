import type { Worker } from 'node:worker_threads';
import { AppError, type Logger, type TextRole } from '@opensync/platform';
import { EngineStopped, type Engine } from './engine.ts';
import type { LocalReply, LocalRequest, LocalResult } from './protocol.ts';

/** A text takes seconds at most, once the model is loaded: a thread that is silent this long hangs. */
const THREAD_PATIENCE_MS = 3 * 60_000;

interface Call {
  readonly id: number;
  readonly resolve: (results: readonly LocalResult[]) => void;
  readonly reject: (error: Error) => void;
  readonly patience: NodeJS.Timeout;
}

export interface ThreadEngineOptions {
  readonly startThread: () => Worker;
  /** For models that are told the role of a text by words in front of it. */
  readonly prefixOf?: (role: TextRole | undefined) => string;
  readonly logger: Logger;
  /** How long the thread may take before it is replaced; milliseconds. */
  readonly threadPatienceMs?: number | undefined;
}

/** A model in a worker thread, which is started with the first call and again after it ended. */
export class ThreadEngine implements Engine {
  readonly #options: ThreadEngineOptions;
  #worker: Worker | undefined;
  #call: Call | undefined;
  #lastId = 0;

  constructor(options: ThreadEngineOptions) {
    this.#options = options;
  }

  embed(texts: readonly string[], role?: TextRole): Promise<readonly LocalResult[]> {
    const worker = (this.#worker ??= this.#start());
    const { threadPatienceMs = THREAD_PATIENCE_MS, prefixOf } = this.#options;
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => this.#giveUp(worker, threadPatienceMs), threadPatienceMs).unref();
      this.#call = { id: ++this.#lastId, resolve, reject, patience };
      const prefix = prefixOf?.(role);
      worker.postMessage({ id: this.#lastId, texts, ...(prefix && { prefix }) } satisfies LocalRequest);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { startThread, logger } = this.#options;
    const worker = startThread();
    worker.on('message', (reply: LocalReply) => this.#settle(reply));
    worker.on('error', (error) => logger.error({ err: error }, 'local embedding model failed'));
    worker.on('exit', () => this.#ended(worker));
    return worker;
  }

  #settle(reply: LocalReply): void {
    if (this.#call?.id !== reply.id) return;
    const call = this.#takeCall()!;
    if ('results' in reply) return call.resolve(reply.results);
    this.#options.logger.error({ reason: reply.error }, 'local embedding model failed');
    call.reject(new AppError('UNAVAILABLE', 'the local embedding model failed'));
  }

  /** Callers time out on their own, but a hanging thread would fail each later one as well. */
  #giveUp(worker: Worker, afterMs: number): void {
    this.#options.logger.error({ afterMs }, 'local embedding model hangs; replacing its thread');
    void worker.terminate();
    this.#ended(worker);
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#takeCall()?.reject(new EngineStopped());
  }

  #takeCall(): Call | undefined {
    const call = this.#call;
    this.#call = undefined;
    clearTimeout(call?.patience);
    return call;
  }
}
