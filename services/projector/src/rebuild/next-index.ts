import { setTimeout as delay } from 'node:timers/promises';
import { ownerKey, type Owner, type SessionState } from '@opensync/contracts';
import {
  BatchConsumer,
  ensureTail,
  ownersInLog,
  removeTail,
  streamEnds,
  tailPosition,
  type ConsumerRef,
  type LogConnection,
} from '@opensync/event-log';
import { AppError, isRetryable } from '@opensync/platform';
import type { DocumentStore, IndexLife, StorePosition } from '@opensync/stores';
import pMap from 'p-map';
import { z } from 'zod';
import { indexChanges } from '../indexing/changed-documents.ts';
import type { DocumentIndex } from '../indexing/document-index.ts';
import { hasHeading, headingOf } from '../indexing/heading.ts';
import { messagePages } from '../indexing/message-pages.ts';
import { untilAvailable, type Candidate, type RebuildProgress } from './candidate.ts';
import { placeOf, sessionPages } from './walk.ts';

export interface NextIndexOptions {
  readonly nc: LogConnection;
  readonly life: IndexLife;
  readonly generation: number;
  /** The consumer that keeps the live generation up to date. */
  readonly consumer: ConsumerRef;
  readonly documents: DocumentStore;
  /** The generation of those documents. */
  readonly source: number;
  readonly index: DocumentIndex;
  /** Where an earlier run stopped. */
  readonly position: unknown;
  readonly onProgress: (progress: RebuildProgress) => void;
}

/** How far the documents have been read: everything before the owner, and the owner's sessions before the place. */
const positionSchema = z.object({
  source: z.number(),
  owner: z.string(),
  after: z.object({ value: z.number(), id: z.string() }),
  sessions: z.number(),
});
type Position = z.infer<typeof positionSchema>;

const SESSIONS_AT_ONCE = 8;
/** As the live indexers: each names up to 500 documents. */
const CHANGES_PER_BATCH = 16;
const POLL_MS = 25;
/** The live projection may be paused meanwhile. */
const PATIENCE_MS = 10_000;

/**
 * The next generation of an index: all current documents, read in order, and in parallel all changes since the
 * beginning of the rebuild. It does not matter which of both writes a document first, because versions decide.
 */
export class NextIndex implements Candidate {
  readonly consumer: ConsumerRef;
  readonly #options: NextIndexOptions;
  readonly #tail: ConsumerRef;
  #following: BatchConsumer | undefined;
  #position: StorePosition | undefined;
  skipped = 0;

  constructor(options: NextIndexOptions) {
    this.#options = options;
    this.consumer = options.consumer;
    this.#tail = {
      stream: options.consumer.stream,
      durable: `rebuild-${options.consumer.durable}-${options.generation}`,
    };
  }

  async fill(): Promise<void> {
    const { nc, documents, source, index, onProgress } = this.#options;
    // Changes are kept from now on. If those of an earlier run were not, its work is checked again.
    const kept = !(await ensureTail(nc, this.#tail));
    const position = positionSchema.safeParse(this.#options.position).data;
    const from = kept && position?.source === source ? position : undefined;
    this.#following = new BatchConsumer(nc, {
      consumer: this.#tail,
      maxBatch: CHANGES_PER_BATCH,
      handler: async (batch) => {
        try {
          await indexChanges(batch, documents, index);
        } catch (error) {
          // They are delivered again individually. A document that fails alone is already a dead letter of the live
          // indexer.
          if (isRetryable(error) || batch.length > 1) throw error;
          this.skipped++;
        }
        return {};
      },
    });
    const total = (await documents.describe()).counts.sessions ?? 0;
    let sessions = from?.sessions ?? 0;
    for (const owner of await ownersInLog(nc)) {
      const key = ownerKey(owner);
      if (from && key < from.owner) continue;
      const after = from?.owner === key ? from.after : undefined;
      for await (const page of sessionPages(documents, owner, after)) {
        const refused = await pMap(page, (session) => this.#indexSession(owner, session), {
          concurrency: SESSIONS_AT_ONCE,
        });
        this.skipped += refused.reduce((sum, count) => sum + count, 0);
        sessions += page.length;
        onProgress({ phase: 'indexing', done: sessions, total: Math.max(total, sessions) });
        await this.#checkpoint({ source, owner: key, after: placeOf(page[page.length - 1]!), sessions });
      }
    }
  }

  async catchUp(): Promise<void> {
    const { nc, documents } = this.#options;
    // Before the end of the stream is read: everything in the documents by then is announced.
    const held = await untilAvailable(() => documents.position());
    const { last } = await streamEnds(nc, this.#tail.stream);
    let workedAt = performance.now();
    while ((await untilAvailable(() => tailPosition(nc, this.#tail))) < last) {
      const blocked = this.#following?.health().blocked;
      if (blocked === undefined) workedAt = performance.now();
      if (performance.now() - workedAt > PATIENCE_MS) {
        throw new AppError('UNAVAILABLE', `The new index cannot be brought up to date: ${blocked}`);
      }
      await delay(POLL_MS);
    }
    this.#position = held && { ...held, repair: undefined };
  }

  async position(): Promise<StorePosition | undefined> {
    return this.#position;
  }

  async refresh(owner: Owner, sessionId: string): Promise<void> {
    const session = await this.#load(owner, sessionId);
    if (session) await this.#indexSession(owner, session);
    else await untilAvailable(() => this.#options.index.remove(owner, [sessionId]));
  }

  async stop(end: 'interrupted' | 'done'): Promise<void> {
    await this.#following?.stop();
    if (end === 'done') await removeTail(this.#options.nc, this.#tail);
  }

  /**
   * Writes a session with all of its messages, and again if its heading changed meanwhile: that change may have been
   * indexed before the messages existed to be rewritten. Later ones find them. Returns how many documents could not
   * be processed.
   */
  async #indexSession(owner: Owner, session: SessionState): Promise<number> {
    const refused = await this.#writeSession(owner, session);
    const now = await this.#load(owner, session.id);
    if (now?.deletion?.sequence !== session.deletion?.sequence || !now) {
      // The tail may have removed its rows before these were written.
      await untilAvailable(() => this.#options.index.remove(owner, [session.id]));
      return now ? this.#indexSession(owner, now) : refused;
    }
    if (hasHeading(now, headingOf(session))) return refused;
    return this.#writeSession(owner, now);
  }

  async #writeSession(owner: Owner, session: SessionState): Promise<number> {
    const { documents, index } = this.#options;
    let refused = 0;
    try {
      for await (const page of messagePages(documents, owner, session.id, index.budget)) {
        refused += (await untilAvailable(() => index.writeMessages(owner, [{ session, messages: page }]))).length;
      }
      return refused + (await untilAvailable(() => index.writeSessions(owner, [session]))).length;
    } catch (error) {
      if (isRetryable(error)) throw error;
      return refused + 1;
    }
  }

  async #load(owner: Owner, sessionId: string): Promise<SessionState | undefined> {
    const { documents } = this.#options;
    const { sessions } = await untilAvailable(() => documents.load(owner, { sessions: [sessionId] }));
    return sessions.get(sessionId);
  }

  async #checkpoint(position: Position): Promise<void> {
    const { life, generation } = this.#options;
    await untilAvailable(() => life.saveCheckpoint({ generation, position }));
  }
}
