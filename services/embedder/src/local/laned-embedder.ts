import { AppError, type EmbeddingModel } from '@opensync/platform';
import type { Embedder, EmbedOptions } from '../embedder.ts';
import type { Engine } from './engine.ts';
import { noLongerAwaited, Turns, type Job } from './turns.ts';

/** About a minute of work for one core at 1,000 characters per text; more would only be answered too late. For each engine. */
const MAX_WAITING_TEXTS = 512;

export interface LanedOptions {
  /** See {@link Turns}. */
  readonly charactersPerTurn: number;
  /** Computes single texts that are no passages, such as queries; without it, all lanes take turns with one engine. */
  readonly forQueries?: Engine | undefined;
}

/** A model on this machine. A search waits for one text, an indexer for many: single texts have a lane of their own. */
export class LanedEmbedder implements Embedder {
  readonly model: EmbeddingModel;
  readonly #turns: Turns;
  readonly #queries: Turns;
  #closed = false;

  constructor(model: EmbeddingModel, engine: Engine, { charactersPerTurn, forQueries }: LanedOptions) {
    this.model = model;
    this.#turns = new Turns(engine, charactersPerTurn);
    this.#queries = forQueries ? new Turns(forQueries, charactersPerTurn) : this.#turns;
  }

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { role, signal, onTokens } = options;
    const lane = texts.length === 1 ? 'single' : 'bulk';
    // A single passage is a message that has just arrived: before the rest of a backlog, and no query has to wait for it.
    const turns = lane === 'single' && role !== 'passage' ? this.#queries : this.#turns;
    if (this.#closed) throw new AppError('UNAVAILABLE', 'the embedder is stopping');
    if (turns.waiting + texts.length > MAX_WAITING_TEXTS) {
      throw new AppError('RATE_LIMITED', 'the local embedding model is overloaded', { retryAfter: 5 });
    }
    const jobs: Job[] = [];
    const vectors = texts.map(
      (text) =>
        new Promise<Float32Array>((resolve, reject) => jobs.push({ text, role, signal, onTokens, resolve, reject })),
    );
    turns.add(lane, jobs);
    // A computation cannot be interrupted, but the caller need not wait for it.
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(noLongerAwaited()), { once: true });
      Promise.all(vectors).then(resolve, reject);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = await Promise.allSettled([...new Set([this.#turns, this.#queries])].map((turns) => turns.close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }
}
