import { setTimeout as delay } from 'node:timers/promises';
import { mergeChanges, ownerKey, type AppliedChange, type Owner } from '@opensync/contracts';

interface Actions {
  /** @throws if it cannot be sent now */
  readonly send: (owner: Owner, changes: readonly AppliedChange[]) => Promise<void>;
  /** Everything that was heard before this sequence was settled has been sent. */
  readonly onSettled: (sequence: number) => void;
  /** More was heard than can be kept; all of it is forgotten. */
  readonly onTooMany: () => void;
}

interface Pending {
  readonly owner: Owner;
  /** By the id of the message or session; in the order in which they were heard first. */
  readonly changes: Map<string, AppliedChange>;
}

/** Owners whose changes are read from the store at the same time. */
const OWNERS_AT_ONCE = 8;
/** Between two rounds: a session that gets a hundred messages a second is sent fifty times at most. */
const ROUND_MS = 20;
const RETRY_MS = 250;
const MOST_PENDING = 50_000;

/**
 * Announced changes on their way to the readers: in rounds, each document once per round however often it changed, so
 * that a slow store leads to fewer events and not to a queue.
 */
export class Announcements {
  readonly #actions: Actions;
  #pending = new Map<string, Pending>();
  #size = 0;
  #settling: number | undefined;
  #isRunning = false;
  readonly #closing = new AbortController();

  constructor(actions: Actions) {
    this.#actions = actions;
  }

  add(owner: Owner, changes: readonly AppliedChange[]): void {
    if (this.#closing.signal.aborted) return;
    const key = ownerKey(owner);
    let pending = this.#pending.get(key);
    if (!pending) this.#pending.set(key, (pending = { owner, changes: new Map() }));
    for (const change of changes) {
      const id = change.message ?? change.session;
      this.#size += Math.max(1, change.sequences.length);
      pending.changes.set(id, mergeChanges(pending.changes.get(id), change));
    }
    if (this.#size > MOST_PENDING) {
      this.#take();
      this.#actions.onTooMany();
    }
    void this.#run();
  }

  /** Everything up to the sequence has been added. */
  settle(sequence: number): void {
    this.#settling = sequence;
    void this.#run();
  }

  close(): void {
    this.#closing.abort();
  }

  #take(): Pending[] {
    const taken = [...this.#pending.values()];
    this.#pending = new Map();
    this.#size = 0;
    return taken;
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { signal } = this.#closing;
    while (!signal.aborted && (this.#size > 0 || this.#settling !== undefined)) {
      const settling = this.#settling;
      this.#settling = undefined;
      const failed = await this.#round();
      if (failed.length === 0 && settling !== undefined) this.#actions.onSettled(settling);
      for (const { owner, changes } of failed) this.add(owner, [...changes.values()]);
      await delay(failed.length > 0 ? RETRY_MS : ROUND_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
    this.#isRunning = false;
  }

  /** Returns what could not be sent. */
  async #round(): Promise<Pending[]> {
    const waiting = this.#take();
    const failed: Pending[] = [];
    const worker = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const pending = next;
        await this.#actions.send(pending.owner, [...pending.changes.values()]).catch(() => failed.push(pending));
      }
    };
    await Promise.all(Array.from({ length: OWNERS_AT_ONCE }, worker));
    return failed;
  }
}
