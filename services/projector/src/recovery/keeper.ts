import { confirmPosition, type Projection, type StoreCondition } from '@opensync/event-log';
import type { NatsConnection } from '@nats-io/transport-node';

/** What one look at a store has found. */
export interface Finding {
  readonly condition: StoreCondition;
  /** The generation that was looked at. */
  readonly generation: number;
  /** What is done about it, if that has just begun; goes on a sentence about the store. */
  readonly action?: string;
  /** How far a repair is that has no figures in the condition. */
  readonly progress?: string;
  /** The store is not of this log, or cannot be read: nothing repairs it in place. */
  readonly isDisplaced?: true;
}

/** Keeps the position of one store, and repairs what the store lacks of what it was given. */
export interface Keeper {
  readonly projection: Projection;
  /** Compares the store with the log, and does what follows from that. @throws AppError UNAVAILABLE if one of them is away */
  look(): Promise<Finding>;
  /** Ends a repair that is under way; it goes on at the next start. */
  close(): Promise<void>;
}

/** Records positions that a store has, each once. */
export class Confirmation {
  readonly #nc: NatsConnection;
  readonly #projection: Projection;
  #last = '';

  constructor(nc: NatsConnection, projection: Projection) {
    this.#nc = nc;
    this.#projection = projection;
  }

  /** @throws AppError UNAVAILABLE */
  async record(generation: number, sequence: number): Promise<void> {
    const text = `${generation} ${sequence}`;
    if (text === this.#last) return;
    await confirmPosition(this.#nc, this.#projection, { generation, sequence });
    this.#last = text;
  }
}
