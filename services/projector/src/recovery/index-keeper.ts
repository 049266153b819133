import { consumerFacts, openGap, readGap, streamEnds, Topology, type ConsumerRef, type Gap } from '@opensync/event-log';
import {
  samePosition,
  type DocumentStore,
  type SearchStore,
  type StorePosition,
  type VectorStore,
} from '@opensync/stores';
import { examine, type ExamineContext, type Examined } from './examine.ts';
import { Confirmation, type Finding, type Keeper } from './keeper.ts';

export interface IndexKeeperContext extends ExamineContext {
  readonly documents: Pick<DocumentStore, 'position'>;
  /** Least time between two changes of the position, ms: some servers take them as changes of their configuration. */
  readonly everyMs: number;
}

/** Once its consumer has gone through CHANGES up to `changes`, an index holds all events up to `sequence`. */
interface Sample {
  readonly sequence: number;
  readonly changes: number;
}

/**
 * Keeps the position of an index, in sequences of EVENTS as that of the documents it is made of, and has all documents
 * announced to it again if it lacks some (see `gap.ts` of the event log).
 */
export class IndexKeeper implements Keeper {
  readonly projection: 'search' | 'vectors';
  readonly #context: IndexKeeperContext;
  readonly #consumer: ConsumerRef;
  readonly #index: SearchStore | VectorStore;
  readonly #confirmation: Confirmation;
  #sample: Sample | undefined;
  #movedAt = -Infinity;
  #isClosing = false;

  constructor(
    projection: 'search' | 'vectors',
    consumer: ConsumerRef,
    index: SearchStore | VectorStore,
    context: IndexKeeperContext,
  ) {
    this.projection = projection;
    this.#consumer = consumer;
    this.#index = index;
    this.#context = context;
    this.#confirmation = new Confirmation(context.nc, projection);
  }

  async look(): Promise<Finding> {
    const { wasFed } = await consumerFacts(this.#context.nc, this.#consumer);
    const examined = await examine(this.#context, this.projection, this.#index, wasFed ? 1 : 0);
    const { condition, position, generation } = examined;
    const gap = await readGap(this.#context.nc, this.#consumer);
    switch (condition.kind) {
      case 'new':
        await this.#moveTo({ sequence: 0 }, position, generation);
        return { condition, generation };
      case 'unmarked':
        await this.#adopt(generation);
        return { condition, generation };
      case 'complete':
        await this.#confirmation.record(generation, position!.sequence);
        await this.#advance(examined, gap);
        return { condition, generation };
      case 'missing':
      case 'older':
        await this.#waitFor(await this.#gapToFill(gap), position);
        Topology.of(this.#context.nc)?.check();
        return { condition, generation, action: 'all documents are being indexed again' };
      case 'repairing':
        // One that came later covers everything, too.
        if (gap && gap.token !== condition.repair) await this.#waitFor(gap.token, position);
        else await this.#advance(examined, gap);
        return { condition, generation, progress: await this.#progress(gap) };
      case 'ahead':
      case 'foreign':
      case 'unusable':
        return { condition, generation, isDisplaced: true };
    }
  }

  /** The position where it stands now, however long ago it last moved. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.look();
  }

  /** A gap that was announced already may have been announced to the index that is gone. */
  async #gapToFill(gap: Gap | undefined): Promise<string> {
    return gap && !gap.isTold ? gap.token : openGap(this.#context.nc, this.#consumer);
  }

  async #waitFor(token: string, position: StorePosition | undefined): Promise<void> {
    const documents = await this.#context.documents.position();
    const held = { sequence: position?.sequence ?? 0, witness: later(position?.witness, documents?.witness) };
    await this.#index.setPosition({ ...held, repair: token }, position);
  }

  /** An index of a version that kept no position: it is taken to hold what the documents do. */
  async #adopt(generation: number): Promise<void> {
    const documents = await this.#context.documents.position();
    if (documents) await this.#moveTo({ ...documents, repair: undefined }, undefined, generation);
  }

  /**
   * Moves the position to that of a sample which the consumer has reached, and its witness to the latest event that may be in
   * the index: what the documents hold by now.
   */
  async #advance({ position, generation }: Examined, gap: Gap | undefined): Promise<void> {
    const { nc, documents, everyMs } = this.#context;
    const before = position!;
    // In this order: what the documents hold is announced, and what was announced by then is reached or not.
    const held = await documents.position();
    if (!held) return;
    const { last: changes } = await streamEnds(nc, this.#consumer.stream);
    const { acknowledged, open } = await consumerFacts(nc, this.#consumer);
    const now: Sample = { sequence: held.sequence, changes };
    const isReached = (sample: Sample) => !gap && (open === 0 || acknowledged >= sample.changes);
    const reached = [now, this.#sample].find((sample) => sample !== undefined && isReached(sample));
    if (!this.#sample || isReached(this.#sample)) this.#sample = now;
    const isRepaired = before.repair !== undefined && reached !== undefined;
    const next: StorePosition = {
      sequence: isRepaired ? reached.sequence : Math.max(before.sequence, reached?.sequence ?? 0),
      witness: later(before.witness, held.witness),
      repair: isRepaired ? undefined : before.repair,
    };
    const isDue = isRepaired || this.#isClosing || performance.now() - this.#movedAt >= everyMs;
    if (isDue && !samePosition(next, before)) await this.#moveTo(next, before, generation);
  }

  async #progress(gap: Gap | undefined): Promise<string> {
    if (gap && !gap.isTold) return 'all documents are being announced';
    const { open } = await consumerFacts(this.#context.nc, this.#consumer);
    return `${open.toLocaleString('en')} ${open === 1 ? 'change' : 'changes'} to go`;
  }

  async #moveTo(next: StorePosition, before: StorePosition | undefined, generation: number): Promise<void> {
    if (!(await this.#index.setPosition(next, before))) return;
    this.#movedAt = performance.now();
    // What is being repaired was confirmed with more.
    if (next.repair === undefined) await this.#confirmation.record(generation, next.sequence);
  }
}

function later(a: StorePosition['witness'], b: StorePosition['witness']): StorePosition['witness'] {
  return !a || (b && b.sequence > a.sequence) ? b : a;
}
