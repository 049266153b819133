import { randomUUID } from 'node:crypto';
import {
  CONSUMER,
  consumerFacts,
  openGap,
  ProjectionProgress,
  readGap,
  streamEnds,
  Topology,
  type ConsumerRef,
  type Gap,
} from '@opensync/event-log';
import {
  type DocumentStore,
  samePosition,
  type SearchStore,
  type StoreCondition,
  type StorePosition,
  type VectorStore,
} from '@opensync/stores';
import { examine, examineDocuments, type ExamineContext, type Examined } from './examine.ts';
import { recordPosition, type Finding, type Keeper } from './keeper.ts';

export interface IndexKeeperContext extends ExamineContext {
  readonly documents: Pick<DocumentStore, 'position' | 'describe' | 'reach'>;
  /** Least time between two changes of the position, ms: some servers take them as changes of their configuration. */
  readonly everyMs: number;
}

/** Documents of this log: an index can be made of them, and take over how far they are. */
const FOLLOWING: readonly StoreCondition['kind'][] = ['complete', 'repairing'];
/** Stores that are not of this log, or cannot be read. */
const DISPLACED: readonly StoreCondition['kind'][] = ['ahead', 'foreign', 'unusable'];

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
  readonly #progressOfDocuments: ProjectionProgress;
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
    this.#progressOfDocuments = new ProjectionProgress(context.nc);
  }

  async look(): Promise<Finding> {
    const given = await this.#progressOfDocuments.applied(CONSUMER.documents);
    const documents = await examineDocuments(this.#context, this.#context.documents, given);
    const { wasFed } = await consumerFacts(this.#context.nc, this.#consumer);
    const examined = await examine(this.#context, this.projection, this.#index, wasFed ? 1 : 0);
    const { condition, position, generation } = examined;
    if (!FOLLOWING.includes(documents.condition.kind)) {
      const isDisplaced = [condition, documents.condition].some(({ kind }) => DISPLACED.includes(kind));
      const action = 'nothing is written to it before the documents follow the log';
      return { condition, generation, ...(isDisplaced && { isDisplaced, isWaiting: true, action }) };
    }
    const held = documents.position;
    const gap = await readGap(this.#context.nc, this.#consumer);
    switch (condition.kind) {
      case 'new':
        await this.#moveTo({ sequence: 0 }, examined);
        return { condition, generation };
      case 'unmarked':
        // A version that kept no position has filled it: it is taken to hold what the documents do.
        if (held) await this.#moveTo({ ...held, repair: undefined }, examined);
        return { condition, generation };
      case 'complete':
        await this.#record(examined, position!.sequence);
        await this.#advance(examined, held, gap);
        return { condition, generation };
      case 'missing':
      case 'older':
        return this.#refill(examined, held);
      case 'repairing':
        // The store is a copy that was made during an earlier repair, or this one has just begun and was interrupted.
        if (condition.repair !== examined.confirmed?.repair) return this.#refill(examined, held);
        // One that came later covers everything, too.
        if (gap && gap.token !== condition.repair) {
          if (await this.#index.setPosition({ ...position!, repair: gap.token }, position)) {
            await this.#record(examined, examined.confirmed.sequence, gap.token);
          }
        } else {
          await this.#advance(examined, held, gap);
        }
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

  /**
   * Has all documents announced to this index. The index is claimed first, so that nothing is announced if its position was read
   * too early or cannot be written. An open gap does not count: changes that tell of it may have gone to what is lost.
   */
  async #refill(examined: Examined, held: StorePosition | undefined): Promise<Finding> {
    const { condition, position, generation, confirmed } = examined;
    const sequence = position?.sequence ?? 0;
    const claimed = { sequence, witness: later(position?.witness, held?.witness), repair: randomUUID() };
    if (!(await this.#index.setPosition(claimed, position))) return { condition, generation };
    const repair = await openGap(this.#context.nc, this.#consumer);
    if (await this.#index.setPosition({ ...claimed, repair }, claimed)) {
      await this.#record(examined, Math.max(sequence, confirmed?.sequence ?? 0), repair);
    }
    Topology.of(this.#context.nc)?.check();
    return { condition, generation, action: 'all documents are being indexed again' };
  }

  /**
   * Moves the position to that of a sample which the consumer has reached, and its witness to the latest event that may be in
   * the index: what the documents hold by now.
   */
  async #advance(examined: Examined, held: StorePosition | undefined, gap: Gap | undefined): Promise<void> {
    const { nc, everyMs } = this.#context;
    const before = examined.position!;
    if (!held) return;
    // What the documents held before this is announced, and what was announced by then is reached or not.
    const { last: changes } = await streamEnds(nc, this.#consumer.stream);
    const { acknowledged, open } = await consumerFacts(nc, this.#consumer);
    const now: Sample = { sequence: held.sequence, changes };
    const isReached = (sample: Sample) => !gap && (open === 0 || acknowledged >= sample.changes);
    const reached = [now, this.#sample].find((sample) => sample !== undefined && isReached(sample));
    if (!this.#sample || isReached(this.#sample)) this.#sample = now;
    const confirmed = examined.confirmed?.sequence ?? 0;
    // The documents may be on their way back to what the index had.
    const isRepaired = before.repair !== undefined && reached !== undefined && reached.sequence >= confirmed;
    const next: StorePosition = {
      sequence: isRepaired ? reached.sequence : Math.max(before.sequence, reached?.sequence ?? 0),
      witness: later(before.witness, held.witness),
      repair: isRepaired ? undefined : before.repair,
    };
    const isDue = isRepaired || this.#isClosing || performance.now() - this.#movedAt >= everyMs;
    if (isDue && !samePosition(next, before)) await this.#moveTo(next, examined);
  }

  async #progress(gap: Gap | undefined): Promise<string> {
    if (gap && !gap.isTold) return 'all documents are being announced';
    const { open } = await consumerFacts(this.#context.nc, this.#consumer);
    return `${open.toLocaleString('en')} ${open === 1 ? 'change' : 'changes'} to go`;
  }

  async #moveTo(next: StorePosition, examined: Examined): Promise<void> {
    if (!(await this.#index.setPosition(next, examined.position))) return;
    this.#movedAt = performance.now();
    // What is being repaired was confirmed with more.
    if (next.repair === undefined) await this.#record(examined, next.sequence);
  }

  async #record(examined: Examined, sequence: number, repair?: string): Promise<void> {
    await recordPosition(this.#context.nc, this.projection, examined, { sequence, repair });
  }
}

function later(a: StorePosition['witness'], b: StorePosition['witness']): StorePosition['witness'] {
  return !a || (b && b.sequence > a.sequence) ? b : a;
}
