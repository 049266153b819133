import { ownerOf, parseChangeSubject, parseEventSubject, type Owner, type Principal } from '@opensync/contracts';
import type { LogConnection } from '@opensync/event-log';
import { DeadLetters } from '@opensync/event-log/dead-letters';
import { ErasureBook, hasOpenErasures, isComplete, type Erasure } from '@opensync/event-log/erasure';
import { callerOf, KeyServiceClient } from '@opensync/event-log/key-service';
import type { JobDefinition } from '@opensync/event-log/jobs';
import { countPayloads, PendingRemovals } from '@opensync/event-log/payloads';
import type { Generations } from '@opensync/stores';
import { verifyStores, type VerifiedStores } from './verify-stores.ts';

const STORES = ['documents', 'search', 'vectors'] as const;

export interface ErasuresResources {
  readonly nc: LogConnection;
  readonly stores: VerifiedStores;
  readonly generations: Pick<Generations, 'record'>;
  /** Whether somebody is a member: they may have come back after an erasure. */
  readonly isMember: (owner: Owner) => boolean;
}

/**
 * What the query service does of erasures: it asks the keeper to begin one, and verifies that what others removed is gone. Only the
 * keeper ends access, removes events and writes the record.
 */
export class Erasures {
  readonly #resources: ErasuresResources;
  readonly #book: ErasureBook;
  readonly #keeper: KeyServiceClient;
  readonly #letters: DeadLetters;
  readonly #removals: PendingRemovals;

  constructor(resources: ErasuresResources) {
    const { nc } = resources;
    this.#resources = resources;
    this.#book = new ErasureBook(nc);
    this.#keeper = new KeyServiceClient(nc);
    this.#letters = new DeadLetters(nc);
    this.#removals = new PendingRemovals(nc);
  }

  /** @throws AppError UNAVAILABLE, FORBIDDEN, CONFLICT */
  async begin(caller: Principal): Promise<Erasure> {
    const owner = ownerOf(caller);
    const { nc, stores } = this.#resources;
    const [{ sessions, messages }, payloads] = await Promise.all([
      stores.documents.stats(owner),
      countPayloads(nc, owner),
    ]);
    const found = { sessions, messages, payloads };
    return (await this.#keeper.ask({ command: 'erase-me', caller: callerOf(caller), found })).erasure;
  }

  /** @throws AppError UNAVAILABLE */
  of(id: string): Promise<Erasure | undefined> {
    return this.#book.of(id);
  }

  readonly job: JobDefinition = {
    name: 'erasures',
    run: async ({ signal }) => {
      // Where no keeper runs, there is none to ask as long as nobody is erased.
      if (!(await hasOpenErasures(this.#resources.nc))) return 'none is open';
      const { erasures } = await this.#keeper.ask({ command: 'open-erasures' });
      const notes: string[] = [];
      for (const erasure of erasures) {
        signal.throwIfAborted();
        notes.push(`${erasure.id}: ${await this.#continue(erasure, signal)}`);
      }
      return notes.join('; ') || 'none is open';
    },
  };

  async #continue(erasure: Erasure, signal: AbortSignal): Promise<string> {
    const { id, workspaceId, userId, hidden } = erasure;
    const owner = { workspaceId, userId };
    const kept = STORES.filter((store) => this.#resources.generations.record(store).kept.length > 0);
    const isVerifiable = hidden !== undefined && kept.length === 0;
    if (isVerifiable) await this.#dropLetters(owner);
    const sessions = isVerifiable
      ? await verifyStores(this.#resources.stores, owner, hidden.sequence, signal)
      : undefined;
    const verified = {
      ...(sessions !== undefined && { stores: { sequence: hidden!.sequence, sessions } }),
      payloads: hidden !== undefined && (await this.#hasNoPayloads(owner)),
    };
    for (;;) {
      signal.throwIfAborted();
      const { erasure: after } = await this.#keeper.ask({ command: 'continue-erasure', erasureId: id, ...verified });
      if (isComplete(after)) return 'complete';
      // A part of the events is removed with each answer.
      if (after.events) continue;
      if (kept.length > 0) return `waits for opensync rebuild clean: earlier generations of ${kept.join(', ')} exist`;
      return 'in progress';
    }
  }

  /** Of somebody who has come back, what no event names any more. */
  async #hasNoPayloads(owner: Owner): Promise<boolean> {
    if ((await this.#removals.of(owner)) !== undefined) return false;
    return this.#resources.isMember(owner) || (await countPayloads(this.#resources.nc, owner)) === 0;
  }

  /** A dead letter has the whole message. */
  async #dropLetters(owner: Owner): Promise<void> {
    for (let after = 0; ;) {
      const page = await this.#letters.list({ after });
      const last = page.at(-1);
      if (!last) return;
      after = last.sequence;
      for (const { sequence, originalSubject } of page) {
        const of = parseEventSubject(originalSubject)?.owner ?? parseChangeSubject(originalSubject);
        if (of?.workspaceId === owner.workspaceId && of.userId === owner.userId) await this.#letters.drop(sequence);
      }
    }
  }
}
