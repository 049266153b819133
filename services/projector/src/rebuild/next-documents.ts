import type { DocumentChanges, Owner } from '@opensync/contracts';
import { CONSUMER, eventAt, historyOf, replay, streamEnds, type LogConnection } from '@opensync/event-log';
import type { DocumentStore, IndexLife, StorePosition } from '@opensync/stores';
import { applyHistory } from '../documents/apply-history.ts';
import type { FiguresProjection } from '../figures/index.ts';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { untilAvailable, type Candidate, type RebuildProgress } from './candidate.ts';

export interface NextDocumentsOptions {
  readonly nc: LogConnection;
  readonly life: IndexLife;
  readonly generation: number;
  readonly next: DocumentStore;
  /** Brings the figures of `next` up to date; without them, they are computed after the switch. */
  readonly figures: FiguresProjection | undefined;
  /** The last sequence that an earlier run had applied. */
  readonly position: number;
  readonly onProgress: (progress: RebuildProgress) => void;
}

/** Larger than a live batch: nobody waits for a single event, and each batch costs a commit. */
const EVENTS_PER_BATCH = 2000;
/** Close enough to the end that the rest is caught up while the live projection is paused. */
const NEAR_EVENTS = 2000;
const CHECKPOINT_MS = 1000;

/** The next generation of the documents: a fold of EVENTS from the first one. */
export class NextDocuments implements Candidate {
  readonly consumer = CONSUMER.documents;
  readonly #options: NextDocumentsOptions;
  readonly #projection: DocumentsProjection;
  #position: number;
  #savedAt = -Infinity;
  skipped = 0;

  constructor(options: NextDocumentsOptions) {
    this.#options = options;
    this.#position = options.position;
    // The indexes follow the live generation, which has already announced all of this.
    const publishChanges = async (_owner: Owner, _changes: DocumentChanges) => {};
    const history = (owner: Owner, after: number) => historyOf(options.nc, owner, after);
    this.#projection = new DocumentsProjection({ documents: options.next, publishChanges, history });
  }

  async fill(): Promise<void> {
    for (;;) {
      const { last } = await streamEnds(this.#options.nc);
      if (last - this.#position <= NEAR_EVENTS) break;
      await this.#replayTo(last);
    }
    await this.#updateFigures();
  }

  async catchUp(): Promise<void> {
    await this.#replayTo((await streamEnds(this.#options.nc)).last);
    await this.#updateFigures();
  }

  async position(): Promise<StorePosition> {
    return { sequence: this.#position, witness: await eventAt(this.#options.nc, this.#position) };
  }

  async refresh(): Promise<void> {
    await this.catchUp();
  }

  async stop(): Promise<void> {
    await this.#checkpoint();
  }

  async #replayTo(to: number): Promise<void> {
    const { nc, onProgress } = this.#options;
    for await (const batch of replay(nc, { from: this.#position + 1, to, maxBatch: EVENTS_PER_BATCH })) {
      this.skipped += await applyHistory(this.#projection, batch);
      this.#position = batch[batch.length - 1]!.sequence;
      onProgress({ phase: 'replaying', done: this.#position, total: to });
      if (performance.now() - this.#savedAt > CHECKPOINT_MS) await this.#checkpoint();
    }
    this.#position = Math.max(this.#position, to);
    await this.#checkpoint();
  }

  async #updateFigures(): Promise<void> {
    await untilAvailable(async () => this.#options.figures?.update());
  }

  async #checkpoint(): Promise<void> {
    const { life, generation } = this.#options;
    await untilAvailable(() => life.saveCheckpoint({ generation, position: this.#position }));
    this.#savedAt = performance.now();
  }
}
