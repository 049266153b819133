import { AppError, type TextRole } from '@opensync/platform';
import { EngineStopped, type Engine } from './engine.ts';

/** Waiting texts among which those of similar length are looked for. */
const LOOKED_AT = 64;

/** A text that waits for its vector. */
export interface Job {
  readonly text: string;
  readonly role: TextRole | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onTokens: ((tokens: number) => void) | undefined;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: AppError) => void;
}

/** `single`: a text by itself, such as a query or a new message; `bulk`: one of many, such as those of a backlog. */
export type Lane = 'single' | 'bulk';

/** An engine and the texts that wait for it. Its lanes take turns, so a single text waits for one bulk turn at most. */
export class Turns {
  readonly #engine: Engine;
  readonly #charactersPerTurn: number;
  readonly #lanes: Readonly<Record<Lane, Job[]>> = { single: [], bulk: [] };
  #bulkTurn = false;
  #active: readonly Job[] | undefined;
  #closed = false;

  /**
   * @param charactersPerTurn Short texts are computed together, as long as they cost no more than a text of this length. The model needs as long for each as for the longest of them.
   */
  constructor(engine: Engine, charactersPerTurn: number) {
    this.#engine = engine;
    this.#charactersPerTurn = charactersPerTurn;
  }

  /** Texts that wait, without those of the turn under way. */
  get waiting(): number {
    return this.#lanes.single.length + this.#lanes.bulk.length;
  }

  add(lane: Lane, jobs: readonly Job[]): void {
    this.#lanes[lane].push(...jobs);
    this.#next();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll(new AppError('UNAVAILABLE', 'the embedder is stopping'));
    await this.#engine.close();
  }

  #next(): void {
    if (this.#active || this.#closed) return;
    const jobs = this.#take();
    if (jobs.length === 0) return;
    this.#active = jobs;
    void this.#compute(jobs).finally(() => {
      if (this.#active === jobs) this.#active = undefined;
      this.#next();
    });
  }

  async #compute(jobs: readonly Job[]): Promise<void> {
    try {
      const texts = jobs.map(({ text }) => text);
      for (const [at, { vector, tokens }] of (await this.#engine.embed(texts, jobs[0]!.role)).entries()) {
        jobs[at]!.onTokens?.(tokens);
        jobs[at]!.resolve(vector);
      }
    } catch (error) {
      if (error instanceof EngineStopped) {
        return this.#failAll(new AppError('UNAVAILABLE', 'the local embedding model stopped'));
      }
      const failure =
        error instanceof AppError
          ? error
          : new AppError('UNAVAILABLE', 'the local embedding model failed', { cause: error });
      for (const job of jobs) job.reject(failure);
    }
  }

  /** The jobs of the next turn: the first waiting one, and those nearest to it in length that fit. */
  #take(): Job[] {
    const { single, bulk } = this.#lanes;
    for (const lane of [single, bulk]) dropAbandoned(lane);
    const lane = bulk.length === 0 || (single.length > 0 && !this.#bulkTurn) ? single : bulk;
    this.#bulkTurn = lane === single;
    const [first] = lane;
    if (!first) return [];
    const away = ({ text }: Job) => Math.abs(text.length - first.text.length);
    const candidates = lane
      .slice(1, LOOKED_AT)
      .filter(({ role }) => role === first.role)
      .toSorted((a, b) => away(a) - away(b));
    const jobs = [first];
    let longest = first.text.length;
    for (const job of candidates) {
      longest = Math.max(longest, job.text.length);
      if ((jobs.length + 1) * longest > this.#charactersPerTurn) break;
      jobs.push(job);
    }
    const taken = new Set(jobs);
    lane.splice(0, lane.length, ...lane.filter((job) => !taken.has(job)));
    return jobs;
  }

  #failAll(error: AppError): void {
    const { single, bulk } = this.#lanes;
    const active = this.#active ?? [];
    this.#active = undefined;
    for (const job of [...active, ...single.splice(0), ...bulk.splice(0)]) job.reject(error);
  }
}

/** The error of a caller that has stopped waiting. */
export function noLongerAwaited(): AppError {
  return new AppError('UNAVAILABLE', 'the caller has stopped waiting');
}

function dropAbandoned(lane: Job[]): void {
  const abandoned = lane.filter(({ signal }) => signal?.aborted);
  if (abandoned.length === 0) return;
  lane.splice(0, lane.length, ...lane.filter(({ signal }) => !signal?.aborted));
  for (const job of abandoned) job.reject(noLongerAwaited());
}
