import type { KV } from '@nats-io/kv';
import { z } from 'zod';
import { openBucket } from '../bucket.ts';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import { SUMMARY_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { summarizedKey, type Summarized } from './preferences.ts';

const deliverySchema = z.object({
  /** `claimed`: a process has begun to send it, and may have died. It is not sent again: it may have arrived. */
  state: z.enum(['claimed', 'sent', 'failed']),
  at: z.number(),
  attempts: z.number(),
  /** Of the record, when it was sent. */
  revision: z.number(),
  note: z.string().optional(),
});
export type Delivery = z.infer<typeof deliverySchema>;

const DELIVERY_MEANS = ['webhook', 'mail'] as const;
export type DeliveryMeans = (typeof DELIVERY_MEANS)[number];

/** The stored record of a summary. The summary itself is computed from figures on request; this says which one was made. */
const summaryRecordSchema = z.object({
  /** Of the summary: the same figures give the same. */
  digest: z.string(),
  /** The price table of its costs. */
  prices: z.string().nullable(),
  sessions: z.number(),
  messages: z.number(),
  totalTokens: z.number(),
  usd: z.number(),
  /** Milliseconds since the epoch. */
  madeAt: z.number(),
  correctedAt: z.number().optional(),
  /** 1, and one more for each correction. */
  revision: z.number(),
  deliveries: z.partialRecord(z.enum(DELIVERY_MEANS), deliverySchema).default({}),
});
export type SummaryRecord = z.infer<typeof summaryRecordSchema>;

export interface StoredSummary {
  readonly record: SummaryRecord;
  /** Of the bucket, to replace exactly this version. */
  readonly entry: number;
}

/** What the bucket has under a key. */
export type Kept =
  | StoredSummary
  /** Nothing, or a removed record, which the next one replaces. */
  | { readonly record: undefined; readonly entry: number; readonly isUnreadable: boolean };

/** One record for each summary of a user or workspace that was made: its key makes it the only one. */
export class SummaryLedger {
  readonly #nc: LogConnection;
  #bucket: Promise<KV> | undefined;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /** @param date `2026-11-29`, `2026-W48`, `2026-11` or `2026`. @throws AppError UNAVAILABLE */
  async of(of: Summarized, date: string): Promise<Kept> {
    return this.#ask(async (bucket) => {
      const stored = await bucket.get(keyOf(of, date));
      const entry = stored?.revision ?? 0;
      if (stored?.operation !== 'PUT') return { record: undefined, entry, isUnreadable: false };
      const record = readRecord(stored.string());
      return record ? { record, entry } : { record, entry, isUnreadable: true };
    });
  }

  /**
   * Undefined if another process has changed it since.
   * @param entry the version that it replaces; 0: there is none. @throws AppError UNAVAILABLE
   */
  async put(of: Summarized, date: string, record: SummaryRecord, entry: number): Promise<StoredSummary | undefined> {
    return this.#ask(async (bucket) => {
      try {
        return { record, entry: await bucket.put(keyOf(of, date), JSON.stringify(record), { previousSeq: entry }) };
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw error;
      }
    });
  }

  async #ask<Result>(work: (bucket: KV) => Promise<Result>): Promise<Result> {
    return orUnavailable(this.#nc, async () => {
      this.#bucket ??= openBucket(this.#nc, SUMMARY_BUCKET).catch((error: unknown) => {
        this.#bucket = undefined;
        throw error;
      });
      return work(await this.#bucket);
    });
  }
}

/** Undefined for what a newer version has written in another form. */
function readRecord(text: string): SummaryRecord | undefined {
  try {
    return summaryRecordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function keyOf(of: Summarized, date: string): string {
  return `${summarizedKey(of)}.${date}`;
}
