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
import type { DocumentStore, StorePosition } from '@opensync/stores';
import { applyHistory } from '../documents/apply-history.ts';
import { DocumentsProjection, type DocumentsProjectionResources } from '../documents/documents-projection.ts';
import { examine, type ExamineContext } from './examine.ts';
import { Confirmation, type Finding, type Keeper } from './keeper.ts';

export interface DocumentsKeeperContext extends ExamineContext {
  readonly logger: Logger;
}

/** As the live consumer: others write meanwhile. */
const EVENTS_PER_BATCH = 500;

/**
 * Keeps the position of the documents, and applies again what they were given and do not hold. Events are applied to the live
 * store beside what arrives: their order does not matter, and changes are announced to the indexes as always. Two
 * processes that repair at once do everything twice, which is no harm.
 */
export class DocumentsKeeper implements Keeper {
  readonly projection = 'documents';
  readonly #context: DocumentsKeeperContext;
  readonly #documents: DocumentStore;
  readonly #progress: ProjectionProgress;
  readonly #folding: DocumentsProjection;
  readonly #confirmation: Confirmation;
  #repair: Promise<void> | undefined;
  #isClosing = false;

  constructor(context: DocumentsKeeperContext, resources: DocumentsProjectionResources) {
    this.#context = context;
    this.#documents = resources.documents;
    this.#progress = new ProjectionProgress(context.nc);
    this.#folding = new DocumentsProjection(resources);
    this.#confirmation = new Confirmation(context.nc, 'documents');
  }

  async look(): Promise<Finding> {
    const given = await this.#progress.applied(CONSUMER.documents);
    const documents = this.#documents;
    const reach = () => documents.reach();
    const examined = await examine(this.#context, 'documents', documents, given, reach);
    const { condition, position, generation, isLogEmpty } = examined;
    switch (condition.kind) {
      case 'new':
      case 'unmarked':
      case 'complete':
        if (position && position.sequence >= given) await this.#confirmation.record(generation, position.sequence);
        else await this.#moveTo(await this.#positionAt(given), position, generation);
        return { condition, generation };
      case 'missing':
      case 'older': {
        const held: StorePosition = { sequence: position?.sequence ?? 0, witness: position?.witness };
        if (held.sequence >= given) {
          // The consumer begins again, or has given nothing beyond that: it brings the rest.
          await this.#moveTo(held, position, generation);
          return { condition: { kind: 'complete', sequence: held.sequence }, generation };
        }
        const repairing = { ...held, repair: String(given) };
        if (await this.#documents.setPosition(repairing, position)) this.#startRepair(repairing, generation);
        const range = `${(held.sequence + 1).toLocaleString('en')} to ${given.toLocaleString('en')}`;
        return { condition, generation, action: `events ${range} are being applied again` };
      }
      case 'repairing':
        this.#startRepair(position!, generation);
        return { condition, generation };
      case 'ahead':
        // The log was lost: what is written to its successor has to count for what the store holds of it.
        if (isLogEmpty && (await continueAbove(this.#context.nc, condition.sequence))) {
          await this.#confirmation.record(generation, condition.sequence);
          const action = 'new events are numbered above that; if there is a backup of the log, stop and restore it';
          return { condition, generation, action };
        }
        return { condition, generation, isDisplaced: true };
      case 'foreign':
      case 'unusable':
        return { condition, generation, isDisplaced: true };
    }
  }

  /** Records how far the documents are by now. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#repair;
    await this.look();
  }

  async #positionAt(sequence: number): Promise<StorePosition> {
    return { sequence, witness: await eventAt(this.#context.nc, sequence) };
  }

  /** False if another process was faster, or another store is in its place: the next look sees. */
  async #moveTo(next: StorePosition, before: StorePosition | undefined, generation: number): Promise<boolean> {
    const isMoved = await this.#documents.setPosition(next, before);
    if (isMoved) await this.#confirmation.record(generation, next.sequence);
    return isMoved;
  }

  #startRepair(position: StorePosition, generation: number): void {
    if (this.#isClosing) return;
    this.#repair ??= this.#applyAgain(position, generation)
      // What is done is kept, and the next look goes on.
      .catch((err: unknown) => this.#context.logger.warn({ err }, 'documents could not be repaired yet'))
      .finally(() => (this.#repair = undefined));
  }

  async #applyAgain(from: StorePosition, generation: number): Promise<void> {
    const until = Number(from.repair);
    let position = from;
    for await (const batch of replay(this.#context.nc, {
      from: from.sequence + 1,
      to: until,
      maxBatch: EVENTS_PER_BATCH,
    })) {
      await applyHistory(this.#folding, batch);
      const last = batch[batch.length - 1]!;
      const next = { ...position, sequence: last.sequence, witness: witnessOf(last) ?? position.witness };
      if (!(await this.#documents.setPosition(next, position))) return;
      position = next;
      if (this.#isClosing) return;
    }
    await this.#moveTo(await this.#positionAt(until), position, generation);
  }
}

function witnessOf(delivery: StoredDelivery): EventRef | undefined {
  try {
    const id = delivery.header(HEADER.id);
    return id ? { sequence: delivery.sequence, id } : undefined;
  } catch {
    // Headers that cannot be read: what was published is no event.
    return undefined;
  }
}
