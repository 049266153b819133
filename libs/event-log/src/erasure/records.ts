import { jetstreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { ownerKey, type Owner } from '@opensync/contracts';
import { z } from 'zod';
import { readEntry } from '../bucket-entry.ts';
import { openBucket } from '../bucket.ts';
import { changeEntry } from '../change-entry.ts';
import type { LogConnection } from '../connection.ts';
import { isStreamNotFound } from '../jetstream-codes.ts';
import { find } from '../topology/find.ts';
import { ERASURE_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

const count = z.number().int().nonnegative();
/** Milliseconds since the epoch. */
const time = z.number();

/** What a person had when they asked. */
export const foundSchema = z.object({ sessions: count, messages: count, payloads: count });
export type Found = z.infer<typeof foundSchema>;

/** How far an erasure is. A step that is absent has not been done. Its ids name nobody once the person is gone. */
export const erasureSchema = z.object({
  id: z.string(),
  workspaceId: z.string(),
  userId: z.string(),
  requestedAt: time,
  /** Absent if the erasure was found in a log that was restored. */
  found: foundSchema.optional(),
  /** All access has ended, and this event deletes all sessions from before it. */
  hidden: z.object({ at: time, sequence: count, keys: count, invitations: count }).optional(),
  /** Neither the documents nor the indexes have anything from before the event: for so many sessions. */
  stores: z.object({ at: time, sessions: count }).optional(),
  payloads: z.object({ at: time }).optional(),
  /** How many events the log had, as far as they are removed, and when it had none of them any more. */
  events: z.object({ removed: count, at: time.optional() }).optional(),
});
export type Erasure = z.infer<typeof erasureSchema>;

export function isComplete({ events }: Erasure): boolean {
  return events?.at !== undefined;
}

/** The records of erasures, which only the keeper writes. */
export class ErasureBook {
  readonly #nc: LogConnection;
  #bucket: Promise<KV> | undefined;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /** @throws AppError UNAVAILABLE */
  async of(id: string): Promise<Erasure | undefined> {
    // The owner is a part of the key, and an id has no character that means something in a subject.
    if (!/^ers_[a-z0-9]+$/.test(id)) return undefined;
    const entry = await orUnavailable(this.#nc, () => readEntry(this.#nc, ERASURE_BUCKET, `*.*.${id}`));
    return erasureSchema.safeParse(entry?.value).data;
  }

  /** Of an owner, or all; oldest first. @throws AppError UNAVAILABLE */
  async list(owner?: Owner): Promise<Erasure[]> {
    const prefix = `$KV.${ERASURE_BUCKET}.`;
    const keys = await orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const filter = `${prefix}${owner ? ownerKey(owner) : '*.*'}.*`;
      const info = await find(
        () => manager.streams.info(`KV_${ERASURE_BUCKET}`, { subjects_filter: filter }),
        isStreamNotFound,
      );
      return Object.keys(info?.state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    });
    const erasures: Erasure[] = [];
    for (const key of keys) {
      const entry = await orUnavailable(this.#nc, () => readEntry(this.#nc, ERASURE_BUCKET, key));
      const erasure = erasureSchema.safeParse(entry?.value).data;
      if (erasure) erasures.push(erasure);
    }
    return erasures.sort((a, b) => a.requestedAt - b.requestedAt);
  }

  /** @throws AppError UNAVAILABLE */
  async isErasing(owner: Owner): Promise<boolean> {
    return (await this.list(owner)).some((erasure) => !isComplete(erasure));
  }

  /** @throws AppError UNAVAILABLE */
  async create(erasure: Erasure): Promise<void> {
    await this.#ask((bucket) => bucket.create(keyOf(erasure), JSON.stringify(erasure)));
  }

  /** Resolves with what is stored then; undefined if there is no such record. @throws AppError UNAVAILABLE */
  async change(erasure: Erasure, change: (stored: Erasure) => Erasure): Promise<Erasure | undefined> {
    return this.#ask((bucket) =>
      changeEntry(this.#nc, bucket, {
        bucketName: ERASURE_BUCKET,
        entry: keyOf(erasure),
        schema: erasureSchema,
        change,
        what: 'The records of erasures',
      }),
    );
  }

  /** Of an erasure that was refused before it began. @throws AppError UNAVAILABLE */
  async remove(erasure: Erasure): Promise<void> {
    await this.#ask((bucket) => bucket.delete(keyOf(erasure)));
  }

  async #ask<Result>(work: (bucket: KV) => Promise<Result>): Promise<Result> {
    return orUnavailable(this.#nc, async () => {
      this.#bucket ??= openBucket(this.#nc, ERASURE_BUCKET).catch((error: unknown) => {
        this.#bucket = undefined;
        throw error;
      });
      return work(await this.#bucket);
    });
  }
}

/** How many events erasures have removed, or are removing: so many sequences have no event for a good reason. */
export async function erasedEvents(nc: LogConnection): Promise<number> {
  return (await new ErasureBook(nc).list()).reduce((sum, { events }) => sum + (events?.removed ?? 0), 0);
}

function keyOf({ workspaceId, userId, id }: Erasure): string {
  return `${workspaceId}.${userId}.${id}`;
}
