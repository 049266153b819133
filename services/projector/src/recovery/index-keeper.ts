import { randomUUID } from 'node:crypto';
import { ROW_FORMAT } from '@opensync/contracts';
import {
  CONSUMER,
  consumerFacts,
  ProjectionProgress,
  streamEnds,
  type ConsumerFacts,
  type ConsumerRef,
} from '@opensync/event-log';
import type { Logger, VectorModel } from '@opensync/platform';
import {
  hadFormerGap,
  IndexLife,
  isOfModel,
  mustTakeOver,
  samePosition,
  takeOverModel,
  type DocumentStore,
  type GenerationRecord,
  type SearchStore,
  type StoreCondition,
  type StorePosition,
  type VectorStore,
} from '@opensync/stores';
import type { AnnounceAll } from '../indexing/missed-changes.ts';
import { examine, examineDocuments, type ExamineContext, type Examined } from './examine.ts';
import { recordPosition, type Finding, type Keeper } from './keeper.ts';

export interface IndexKeeperContext extends ExamineContext {
  readonly documents: Pick<DocumentStore, 'position' | 'describe' | 'reach'>;
  /** Minimum time between two changes of the position, ms: some servers treat them as configuration changes. */
  readonly everyMs: number;
  /** Announces all documents on CHANGES. */
  readonly announceAll: AnnounceAll;
  /** For the vectors: their model in this process. */
  readonly model?: () => VectorModel;
  readonly logger: Logger;
}

/** Documents of this log: an index can be built from them, and take over their position. */
const FOLLOWING: readonly StoreCondition['kind'][] = ['complete', 'repairing'];
/** Stores that do not belong to this log, or cannot be read. */
const DISPLACED: readonly StoreCondition['kind'][] = ['ahead', 'foreign', 'unusable'];

/** Once its consumer has processed CHANGES up to `changes`, an index holds all events up to `sequence`. */
interface Sample {
  readonly sequence: number;
  readonly changes: number;
}

type Fill = NonNullable<GenerationRecord['fill']>;

/**
 * Keeps the position of an index, in sequences of EVENTS like that of its documents, and has all documents announced
 * again if it is missing some: it was lost, its consumer was recreated and has missed changes, or it belongs to
 * another embedding model. One worker at a time announces them.
 */
export class IndexKeeper implements Keeper {
  readonly projection: 'search' | 'vectors';
  readonly #context: IndexKeeperContext;
  readonly #consumer: ConsumerRef;
  readonly #index: SearchStore | VectorStore;
  readonly #progressOfDocuments: ProjectionProgress;
  #sample: Sample | undefined;
  #movedAt = -Infinity;
  #life: IndexLife | undefined;
  #announcing: Promise<void> | undefined;
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
    const facts = await consumerFacts(this.#context.nc, this.#consumer);
    const examined = await examine(this.#context, this.projection, this.#index, facts.wasFed ? 1 : 0);
    const { condition, generation } = examined;
    if (!FOLLOWING.includes(documents.condition.kind)) {
      const isDisplaced = [condition, documents.condition].some(({ kind }) => DISPLACED.includes(kind));
      const action = 'writes to it are paused until the documents match the log';
      return { condition, generation, ...(isDisplaced && { isDisplaced, isWaiting: true, action }) };
    }
    const life = (this.#life ??= await IndexLife.open(this.#context.nc, this.projection));
    const model = this.#context.model?.();
    if (model && !isOfModel(await life.read(), model)) {
      // The record describes the index of that model; this is another index, which is filled when its model is set
      // again.
      const action = 'another embedding model is active: writes to the index of this model are paused';
      return { condition, generation, isDisplaced: true, isWaiting: true, action };
    }
    // If the log was lost, the documents contain events that their consumer does not know.
    const wereProjected = given > 0 || (documents.position?.sequence ?? 0) > 0;
    const fill = await this.#fillOf(life, facts, wereProjected);
    const finding = await this.#keep(examined, documents.position, fill, life);
    if (!finding.isDisplaced) await this.#announce(life);
    return finding;
  }

  async #keep(
    examined: Examined,
    held: StorePosition | undefined,
    fill: Fill | undefined,
    life: IndexLife,
  ): Promise<Finding> {
    const { condition, position, generation } = examined;
    switch (condition.kind) {
      case 'new':
        await this.#moveTo({ sequence: 0 }, examined);
        return { condition, generation };
      case 'unmarked':
        // A version that kept no position has filled it: assume that it matches the documents.
        if (held) await this.#moveTo({ ...held, repair: undefined }, examined);
        return { condition, generation };
      case 'complete':
        await this.#record(examined, position!.sequence);
        await this.#advance(examined, held, fill);
        return { condition, generation };
      case 'missing':
      case 'older':
        return this.#refill(examined, held, life);
      case 'repairing':
        // The store is a copy made during an earlier repair, or this repair has just begun and was interrupted.
        if (condition.repair !== examined.confirmed?.repair) return this.#refill(examined, held, life);
        // A later one covers everything, too.
        if (fill && fill.token !== condition.repair) {
          if (await this.#index.setPosition({ ...position!, repair: fill.token }, position)) {
            await this.#record(examined, examined.confirmed.sequence, fill.token);
          }
        } else {
          await this.#advance(examined, held, fill);
        }
        return { condition, generation, progress: await this.#progress(fill) };
      case 'ahead':
      case 'foreign':
      case 'unusable':
        return { condition, generation, isDisplaced: true };
    }
  }

  /** The current position, however long ago it last moved. */
  async close(): Promise<void> {
    this.#isClosing = true;
    // The next worker announces again what is still being announced.
    if (this.#announcing) await this.#life?.release();
    await this.look();
  }

  /** The open fill of this index because it is missing documents; undefined if it is complete. */
  async #fillOf(life: IndexLife, facts: ConsumerFacts, wereProjected: boolean): Promise<Fill | undefined> {
    const { nc } = this.#context;
    const model = this.#context.model?.();
    let record = await life.read();
    if (model && mustTakeOver(record, facts, model)) {
      await takeOverModel(nc, model);
      record = await life.read();
    }
    if (record.feed !== facts.created) {
      // While nothing was projected, nothing was missed: all events are still to be delivered to the documents.
      const isNew = record.feed !== undefined || !facts.wasFed;
      const missed = wereProjected && (isNew || (await hadFormerGap(nc, this.#consumer.durable, facts)));
      record = await life.follow(facts.created, missed);
    }
    if ((record.rows ?? 0) < ROW_FORMAT) record = await life.reformat(ROW_FORMAT, wereProjected);
    if (record.rebuild?.generation === record.live) {
      await life.endInterruptedSwitch();
      record = await life.read();
    }
    const { fill } = record;
    if (fill?.announced === undefined) return fill;
    // After the record was read: everything announced is behind what is open by now.
    const { acknowledged, open } = await consumerFacts(nc, this.#consumer);
    if (open > 0 && acknowledged < fill.announced) return fill;
    await life.endFill(fill.token);
    return undefined;
  }

  /** Announces all documents of a fill, unless another worker does. The next check continues if that fails. */
  async #announce(life: IndexLife): Promise<void> {
    const { nc, logger, announceAll } = this.#context;
    const isOpen = ({ fill }: GenerationRecord) => fill && fill.announced === undefined;
    if (this.#isClosing || this.#announcing || !isOpen(await life.read())) return;
    const work = life.tryHold(async (signal) => {
      const record = await life.read();
      if (!isOpen(record)) return;
      logger.info({ store: this.projection }, 'index is missing documents; sending all documents to it again');
      const sessions = await announceAll(signal);
      const { last } = await streamEnds(nc, this.#consumer.stream);
      signal.throwIfAborted();
      await life.announced(record.fill!.token, last);
      // An index that is new has nothing to be warned of.
      const level = sessions > 0 ? 'warn' : 'info';
      logger[level]({ store: this.projection, sessions }, 're-announced all documents; indexing continues');
    });
    this.#announcing = work
      .catch((err: unknown) =>
        logger.warn({ store: this.projection, err }, 'sending documents to the index again failed; retrying'),
      )
      .finally(() => (this.#announcing = undefined));
  }

  /**
   * Has all documents announced to this index. The index is claimed first, so that nothing is announced if its
   * position was read too early or cannot be written. A running announcement does not count: part of it may have gone
   * to the lost index.
   */
  async #refill(examined: Examined, held: StorePosition | undefined, life: IndexLife): Promise<Finding> {
    const { condition, position, generation, confirmed } = examined;
    const sequence = position?.sequence ?? 0;
    const repair = randomUUID();
    const claimed = { sequence, witness: later(position?.witness, held?.witness), repair };
    if (!(await this.#index.setPosition(claimed, position))) return { condition, generation };
    await life.beginFill(repair, { generation, sequence: Math.max(sequence, confirmed?.sequence ?? 0) });
    return { condition, generation, action: 'all documents are being reindexed' };
  }

  /**
   * Moves the position to that of a sample which the consumer has reached, and its witness to the latest event that
   * may be in the index: that of the documents now.
   */
  async #advance(examined: Examined, held: StorePosition | undefined, fill: Fill | undefined): Promise<void> {
    const { nc, everyMs } = this.#context;
    const before = examined.position!;
    if (!held) return;
    // Everything in the documents before this is announced, and the consumer has either reached those announcements
    // or not.
    const { last: changes } = await streamEnds(nc, this.#consumer.stream);
    const { acknowledged, open } = await consumerFacts(nc, this.#consumer);
    const now: Sample = { sequence: held.sequence, changes };
    const isReached = (sample: Sample) => !fill && (open === 0 || acknowledged >= sample.changes);
    const reached = [now, this.#sample].find((sample) => sample !== undefined && isReached(sample));
    if (!this.#sample || isReached(this.#sample)) this.#sample = now;
    const confirmed = examined.confirmed?.sequence ?? 0;
    // The documents may still be catching up to what the index had.
    const isRepaired = before.repair !== undefined && reached !== undefined && reached.sequence >= confirmed;
    const next: StorePosition = {
      sequence: isRepaired ? reached.sequence : Math.max(before.sequence, reached?.sequence ?? 0),
      witness: later(before.witness, held.witness),
      repair: isRepaired ? undefined : before.repair,
    };
    const isDue = isRepaired || this.#isClosing || performance.now() - this.#movedAt >= everyMs;
    if (isDue && !samePosition(next, before)) await this.#moveTo(next, examined);
  }

  async #progress(fill: Fill | undefined): Promise<string> {
    if (fill && fill.announced === undefined) return 'all documents are being re-announced';
    const { open } = await consumerFacts(this.#context.nc, this.#consumer);
    return `${open.toLocaleString('en')} ${open === 1 ? 'change' : 'changes'} to go`;
  }

  async #moveTo(next: StorePosition, examined: Examined): Promise<void> {
    if (!(await this.#index.setPosition(next, examined.position))) return;
    this.#movedAt = performance.now();
    // A higher position was confirmed for what is being repaired.
    if (next.repair === undefined) await this.#record(examined, next.sequence);
  }

  async #record(examined: Examined, sequence: number, repair?: string): Promise<void> {
    await recordPosition(this.#context.nc, this.projection, examined, { sequence, repair });
  }
}

function later(a: StorePosition['witness'], b: StorePosition['witness']): StorePosition['witness'] {
  return !a || (b && b.sequence > a.sequence) ? b : a;
}
