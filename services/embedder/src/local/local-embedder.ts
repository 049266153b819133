import { Worker } from 'node:worker_threads';
import { AppError, type EmbeddingModel, type Logger } from '@opensync/platform';
import type { Embedder, EmbedOptions } from '../embedder.ts';
import type { LocalReply, LocalRequest } from './protocol.ts';

/** About a minute of work for one core at 1,000 characters per text; more would only be answered too late. */
const MAX_WAITING_TEXTS = 512;

/**
 * Short texts are computed together, which is up to four times as fast, as long as they cost no more than one
 * chunk-sized text: a search never waits for more than that. The model needs as long for each as for the longest of
 * them.
 */
const CHARACTERS_PER_TURN = 500;

/** A text takes seconds at most, once the model is loaded: a thread that is silent this long hangs. */
const THREAD_PATIENCE_MS = 3 * 60_000;

export interface LocalEmbedderOptions {
  readonly startThread?: () => Worker;
  /** How long the thread may take for a text before it is replaced; milliseconds. */
  readonly threadPatienceMs?: number;
}

interface Job {
  readonly text: string;
  readonly signal: AbortSignal | undefined;
  readonly onTokens: ((tokens: number) => void) | undefined;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * The model that ships with the product, in its own worker thread: computing takes 15 to 150 ms per text, which must
 * not block the event loop. The thread and the model (about 300 MB) are loaded with the first request.
 */
export class LocalEmbedder implements Embedder {
  readonly model: EmbeddingModel;
  readonly #logger: Logger;
  readonly #startThread: () => Worker;
  readonly #threadPatienceMs: number;
  /** A search waits for one text, an indexer for many: with turns, a search waits for one turn at most. */
  readonly #lanes: { readonly single: Job[]; readonly bulk: Job[] } = { single: [], bulk: [] };
  #bulkTurn = false;
  #worker: Worker | undefined;
  #active: { readonly id: number; readonly jobs: readonly Job[]; readonly patience: NodeJS.Timeout } | undefined;
  #lastId = 0;
  #closed = false;

  constructor(
    model: EmbeddingModel,
    logger: Logger,
    { startThread = startModelThread, threadPatienceMs = THREAD_PATIENCE_MS }: LocalEmbedderOptions = {},
  ) {
    this.model = model;
    this.#logger = logger;
    this.#startThread = startThread;
    this.#threadPatienceMs = threadPatienceMs;
  }

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { single, bulk } = this.#lanes;
    if (this.#closed) throw new AppError('UNAVAILABLE', 'the embedder is stopping');
    if (single.length + bulk.length + texts.length > MAX_WAITING_TEXTS) {
      throw new AppError('RATE_LIMITED', 'the local embedding model is overloaded', { retryAfter: 5 });
    }
    const { signal, onTokens } = options;
    const lane = texts.length === 1 ? single : bulk;
    const vectors = texts.map(
      (text) => new Promise<Float32Array>((resolve, reject) => lane.push({ text, signal, onTokens, resolve, reject })),
    );
    this.#next();
    // A computation cannot be interrupted, but the caller need not wait for it.
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(noLongerAwaited()), { once: true });
      Promise.all(vectors).then(resolve, reject);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll(new AppError('UNAVAILABLE', 'the embedder is stopping'));
    await this.#worker?.terminate();
  }

  #next(): void {
    if (this.#active || this.#closed) return;
    const jobs = this.#take();
    if (jobs.length === 0) return;
    const worker = (this.#worker ??= this.#startWorker());
    const patience = setTimeout(() => this.#giveUp(worker), this.#threadPatienceMs).unref();
    this.#active = { id: ++this.#lastId, jobs, patience };
    worker.postMessage({ id: this.#active.id, texts: jobs.map(({ text }) => text) } satisfies LocalRequest);
  }

  /** The jobs of the next turn: the first waiting one, and those behind it that fit. */
  #take(): Job[] {
    const { single, bulk } = this.#lanes;
    for (const lane of [single, bulk]) dropAbandoned(lane);
    const lane = bulk.length === 0 || (single.length > 0 && !this.#bulkTurn) ? single : bulk;
    this.#bulkTurn = lane === single;
    let count = 0;
    let longest = 0;
    while (count < lane.length) {
      longest = Math.max(longest, lane[count]!.text.length);
      if (count > 0 && (count + 1) * longest > CHARACTERS_PER_TURN) break;
      count += 1;
    }
    return lane.splice(0, count);
  }

  #startWorker(): Worker {
    const worker = this.#startThread();
    worker.on('message', (reply: LocalReply) => this.#settle(reply));
    worker.on('error', (error) => this.#logger.error({ err: error }, 'local embedding model failed'));
    worker.on('exit', () => this.#workerEnded(worker));
    return worker;
  }

  #settle(reply: LocalReply): void {
    if (this.#active?.id !== reply.id) return;
    const { jobs, patience } = this.#active;
    clearTimeout(patience);
    this.#active = undefined;
    if ('results' in reply) {
      for (const [at, { vector, tokens }] of reply.results.entries()) {
        jobs[at]!.onTokens?.(tokens);
        jobs[at]!.resolve(vector);
      }
    } else {
      this.#logger.error({ reason: reply.error }, 'local embedding model failed');
      for (const job of jobs) job.reject(new AppError('UNAVAILABLE', 'the local embedding model failed'));
    }
    this.#next();
  }

  /** Callers time out on their own, but a hanging thread would fail each later one as well. */
  #giveUp(worker: Worker): void {
    this.#logger.error({ afterMs: this.#threadPatienceMs }, 'local embedding model hangs; replacing its thread');
    void worker.terminate();
    this.#workerEnded(worker);
  }

  #workerEnded(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    // All of it, not just the active texts: the callers decide how soon to try a new thread.
    this.#failAll(new AppError('UNAVAILABLE', 'the local embedding model stopped'));
  }

  #failAll(error: AppError): void {
    const { single, bulk } = this.#lanes;
    clearTimeout(this.#active?.patience);
    const active = this.#active?.jobs ?? [];
    this.#active = undefined;
    for (const job of [...active, ...single.splice(0), ...bulk.splice(0)]) job.reject(error);
  }
}

function dropAbandoned(lane: Job[]): void {
  const abandoned = lane.filter(({ signal }) => signal?.aborted);
  if (abandoned.length === 0) return;
  lane.splice(0, lane.length, ...lane.filter(({ signal }) => !signal?.aborted));
  for (const job of abandoned) job.reject(noLongerAwaited());
}

function noLongerAwaited(): AppError {
  return new AppError('UNAVAILABLE', 'the caller has stopped waiting');
}

function startModelThread(): Worker {
  const fromSource = import.meta.url.endsWith('.ts');
  return new Worker(
    new URL(fromSource ? './local-embedder.worker.ts' : './local-embedder.worker.js', import.meta.url),
    { execArgv: fromSource ? ['--conditions=opensync-source', '--disable-warning=ExperimentalWarning'] : [] },
  );
}
