import { HEADER } from '@opensync/contracts';
import {
  continueAbove,
  CONSUMER,
  eventAt,
  ProjectionProgress,
  replay,
  type EventRef,
  type StoredDelivery,
} from '@opensync/event-log';
import type { Logger } from '@opensync/platform';
import { IndexLife, type DocumentStore, type StorePosition } from '@opensync/stores';
import { applyHistory } from '../documents/apply-history.ts';
import { DocumentsProjection, type DocumentsProjectionResources } from '../documents/documents-projection.ts';
import { examineDocuments, type Examined, type ExamineContext } from './examine.ts';
import { recordPosition, type Finding, type Keeper } from './keeper.ts';

export interface DocumentsKeeperContext extends ExamineContext {
  readonly logger: Logger;
}

/** As the live consumer: others write meanwhile. */
const EVENTS_PER_BATCH = 500;

/**
 * Keeps the position of the documents, and replays events that were delivered to them but are missing. Events are
 * applied to the live store alongside new ones: their order does not matter, and changes are announced to the indexes
 * as always. One worker at a time does this.
 */
export class DocumentsKeeper implements Keeper {
  readonly projection = 'documents';
  readonly #context: DocumentsKeeperContext;
  readonly #documents: DocumentStore;
  readonly #progress: ProjectionProgress;
  readonly #folding: DocumentsProjection;
  #repair: Promise<void> | undefined;
  #life: IndexLife | undefined;
  #isClosing = false;
  /** Whether the events after the position of the store were replayed since this process started. */
  #isCaughtUp = false;

  constructor(context: DocumentsKeeperContext, resources: DocumentsProjectionResources) {
    this.#context = context;
    this.#documents = resources.documents;
    this.#progress = new ProjectionProgress(context.nc);
    this.#folding = new DocumentsProjection(resources);
  }

  async look(): Promise<Finding> {
    const given = await this.#progress.applied(CONSUMER.documents);
    const examined = await examineDocuments(this.#context, this.#documents, given);
    const { condition, position, generation, first, isLogEmpty } = examined;
    switch (condition.kind) {
      case 'new':
      case 'unmarked':
      case 'complete':
        if (position && position.sequence >= given) {
          await this.#record(examined, position.sequence);
        } else {
          if (position) await this.#catchUp(position, given);
          await this.#moveTo(await this.#positionAt(given), examined);
        }
        this.#isCaughtUp = true;
        return { condition, generation };
      case 'missing':
      case 'older': {
        const held: StorePosition = { sequence: position?.sequence ?? 0, witness: position?.witness };
        if (held.sequence >= given) {
          // The consumer starts over, or has delivered nothing beyond that: it delivers the rest.
          await this.#moveTo(held, examined);
          const action = lostBefore(first, held.sequence);
          return { condition: { kind: 'complete', sequence: held.sequence }, generation, ...(action && { action }) };
        }
        const repairing = { ...held, repair: String(given) };
        if (await this.#documents.setPosition(repairing, position)) this.#startRepair(repairing, given);
        const from = Math.max(held.sequence + 1, first);
        const range = `events ${from.toLocaleString('en')} to ${given.toLocaleString('en')} are being replayed`;
        const action = [...(from <= given ? [range] : []), lostBefore(first, held.sequence)].filter(Boolean).join('; ');
        return { condition, generation, action };
      }
      case 'repairing':
        // The store may be a copy made during an earlier repair: more was delivered to it since.
        this.#startRepair(position!, Math.max(Number(condition.repair), given));
        return { condition, generation };
      case 'ahead':
        // The log was lost: events of its successor must have higher sequences than those in the store.
        if (isLogEmpty && (await continueAbove(this.#context.nc, condition.sequence))) {
          await this.#record(examined, condition.sequence);
          const action =
            'new events are numbered above that; if you have a backup of the log, stop OpenSync and restore it';
          return { condition, generation, action };
        }
        return { condition, generation, isDisplaced: true };
      case 'foreign':
      case 'unusable':
        return { condition, generation, isDisplaced: true };
    }
  }

  /** Records the current position of the documents. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#repair;
    await this.look();
  }

  async #positionAt(sequence: number): Promise<StorePosition> {
    return { sequence, witness: await eventAt(this.#context.nc, sequence) };
  }

  /** False if another process was faster, or the store was replaced: the next check notices. */
  async #moveTo(next: StorePosition, examined: Examined): Promise<void> {
    if (await this.#documents.setPosition(next, examined.position)) await this.#record(examined, next.sequence);
  }

  async #record(examined: Examined, sequence: number): Promise<void> {
    await recordPosition(this.#context.nc, 'documents', examined, { sequence });
  }

  /**
   * Positions are recorded every few seconds, so a copy of a running installation can lack the last events that its log
   * has as delivered, and nothing shows it. The first check replays them; after a crash, that changes nothing.
   */
  async #catchUp(position: StorePosition, given: number): Promise<void> {
    if (this.#isCaughtUp) return;
    await this.#whileHeld(async (signal) => {
      for await (const batch of this.#batchesOf(position, given)) {
        signal.throwIfAborted();
        await applyHistory(this.#folding, batch);
      }
    });
  }

  #startRepair(position: StorePosition, until: number): void {
    if (this.#isClosing) return;
    this.#repair ??= this.#whileHeld((signal) => this.#applyAgain(position, until, signal))
      // Finished work is kept, and the next check continues.
      .catch((err: unknown) => this.#context.logger.warn({ err }, 'replaying missing events failed; retrying'))
      .finally(() => (this.#repair = undefined));
  }

  /** Unless another worker repairs or rebuilds the documents. */
  async #whileHeld(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#life ??= await IndexLife.open(this.#context.nc, 'documents');
    await this.#life.tryHold(work);
  }

  #batchesOf({ sequence }: StorePosition, until: number): ReturnType<typeof replay> {
    return replay(this.#context.nc, { from: sequence + 1, to: until, maxBatch: EVENTS_PER_BATCH });
  }

  async #applyAgain(from: StorePosition, until: number, signal: AbortSignal): Promise<void> {
    let position = from;
    let skipped = 0;
    for await (const batch of this.#batchesOf(from, until)) {
      signal.throwIfAborted();
      skipped += await applyHistory(this.#folding, batch);
      const last = batch[batch.length - 1]!;
      const witness = witnessOf(last) ?? position.witness;
      const next = { ...position, sequence: last.sequence, witness, repair: String(until) };
      if (!(await this.#documents.setPosition(next, position))) return;
      position = next;
      if (this.#isClosing) return;
    }
    if (skipped > 0) {
      this.#context.logger.warn(
        { skipped },
        'some events could not be replayed: they are dead letters or were dropped',
      );
    }
    // The next check records it, unless more was confirmed than this repair has replayed.
    await this.#documents.setPosition(await this.#positionAt(until), position);
  }
}

/** Events that a repair cannot replay; undefined if the log has all events after the store's position. */
function lostBefore(first: number, held: number): string | undefined {
  if (first <= held + 1) return undefined;
  const lost = held === 0 ? 'earlier events' : `the events between ${held.toLocaleString('en')} and that one`;
  return `the log begins at event ${first.toLocaleString('en')}: ${lost} cannot be replayed; only a backup can restore them`;
}

function witnessOf(delivery: StoredDelivery): EventRef | undefined {
  try {
    const id = delivery.header(HEADER.id);
    return id ? { sequence: delivery.sequence, id } : undefined;
  } catch {
    // Unreadable headers: the message is not an event.
    return undefined;
  }
}
