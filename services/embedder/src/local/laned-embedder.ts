import { AppError, type EmbeddingModel } from '@opensync/platform';
import type { Embedder, EmbedOptions } from '../embedder.ts';
import type { Engine } from './engine.ts';
import { noLongerAwaited, Turns, type Job, type Lane } from './turns.ts';

/** About a minute of work for one core at 1,000 characters per text; more would only be answered too late. For each engine. */
const MAX_WAITING_TEXTS = 512;

export interface LanedOptions {
  /** See {@link Turns}. */
  readonly charactersPerTurn: number;
  /** Computes single texts beside the other engine; without it the lanes of one engine take turns. */
  readonly forSingle?: Engine | undefined;
}

/** A model on this machine. A search waits for one text, an indexer for many: each has a lane of its own. */
export class LanedEmbedder implements Embedder {
  readonly model: EmbeddingModel;
  readonly #turns: Readonly<Record<Lane, Turns>>;
  #closed = false;

  constructor(model: EmbeddingModel, engine: Engine, { charactersPerTurn, forSingle }: LanedOptions) {
    this.model = model;
    const bulk = new Turns(engine, charactersPerTurn);
    this.#turns = { bulk, single: forSingle ? new Turns(forSingle, charactersPerTurn) : bulk };
  }

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { role, signal, onTokens } = options;
    // A passage is an indexer's, also if it is the only one.
    const lane = texts.length === 1 && role !== 'passage' ? 'single' : 'bulk';
    const turns = this.#turns[lane];
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
    await Promise.all([...new Set(Object.values(this.#turns))].map((turns) => turns.close()));
  }
}
