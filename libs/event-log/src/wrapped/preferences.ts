import { NONE } from '@opensync/contracts';
import type { KV } from '@nats-io/kv';
import { isHttpUrl } from './webhook-url.ts';
import { z } from 'zod';
import { openBucket } from '../bucket.ts';
import { readEntry } from '../bucket-entry.ts';
import { watchBucket, type BucketEntry } from '../bucket-watch.ts';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import { LiveCopy } from '../live-copy.ts';
import { PREFERENCE_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/** A user in a workspace, or the workspace itself. */
export interface Summarized {
  readonly workspaceId: string;
  readonly userId: string | undefined;
}

export const SUMMARY_EDITIONS = ['day', 'week', 'month', 'year'] as const;
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);

/** What a user or workspace has chosen; what is absent is as the installation has it. */
const preferencesSchema = z.object({
  /** Time zones, with the day from which each counts. */
  zones: z
    .array(z.object({ zone: z.string().max(64), from: day.optional() }))
    .max(100)
    .optional(),
  /** Where summaries go: a Slack-compatible webhook, with the secret that signs its requests. */
  webhook: z.object({ url: z.string().max(2048).refine(isHttpUrl), secret: z.string().max(128) }).optional(),
  mail: z.string().max(254).optional(),
  /** Which summaries are sent; absent: of days. */
  editions: z.array(z.enum(SUMMARY_EDITIONS)).max(SUMMARY_EDITIONS.length).optional(),
  /** The hour of the next day from which they are sent, in its time zone; absent: 8. */
  hour: z.int().min(0).max(23).optional(),
});
export type Preferences = z.infer<typeof preferencesSchema>;

const MANY_CONFLICTS = 20;

export function summarizedKey({ workspaceId, userId = NONE }: Summarized): string {
  return `${workspaceId}.${userId}`;
}

/** The stored preferences. */
export class PreferenceBook {
  readonly #nc: LogConnection;
  #bucket: Promise<KV> | undefined;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /** Resolves with the new ones. @throws AppError UNAVAILABLE */
  async change(of: Summarized, next: (before: Preferences) => Preferences): Promise<Preferences> {
    return orUnavailable(this.#nc, async () => {
      this.#bucket ??= openBucket(this.#nc, PREFERENCE_BUCKET);
      const bucket = await this.#bucket;
      for (let attempt = 0; ; attempt++) {
        const entry = await readEntry(this.#nc, PREFERENCE_BUCKET, summarizedKey(of));
        const before = preferencesSchema.safeParse(entry?.value).data;
        const after = preferencesSchema.parse(next(before ?? {}));
        try {
          await bucket.put(summarizedKey(of), JSON.stringify(after), { previousSeq: entry?.revision ?? 0 });
          return after;
        } catch (error) {
          if (!isConflict(error) || attempt >= MANY_CONFLICTS) throw error;
        }
      }
    });
  }
}

/** All preferences, kept up to date in memory: there are as many as people who chose something. */
export class PreferenceDirectory {
  readonly #copy: LiveCopy<BucketEntry>;
  readonly #unlink: (() => void) | undefined;
  #known = new Map<string, Preferences>();
  #loading = this.#known;

  constructor(nc: LogConnection) {
    this.#copy = new LiveCopy(nc, 'preferences', {
      watch: () => watchBucket(nc, PREFERENCE_BUCKET),
      begin: () => void (this.#loading = new Map()),
      apply: (entry) => this.#apply(entry),
      complete: () => void (this.#known = this.#loading),
      last: async () => {
        const { messages, last_seq: last } = (await (await openBucket(nc, PREFERENCE_BUCKET)).status()).streamInfo
          .state;
        return messages === 0 ? 0 : last;
      },
    });
    this.#unlink = nc.topology?.onReplaced(PREFERENCE_BUCKET, () => this.#copy.restart());
  }

  ready(): Promise<void> {
    return this.#copy.ready();
  }

  of(of: Summarized): Preferences {
    return this.#known.get(summarizedKey(of)) ?? {};
  }

  /** Those of a user, else of the workspace; undefined: neither has chosen any. */
  zonesOf(of: Summarized): NonNullable<Preferences['zones']> | undefined {
    const own = this.of(of).zones;
    if (own && own.length > 0) return own;
    return of.userId === undefined ? undefined : this.zonesOf({ ...of, userId: undefined });
  }

  all(): readonly (Summarized & { readonly preferences: Preferences })[] {
    return [...this.#known].map(([key, preferences]) => {
      const [workspaceId, userId] = key.split('.') as [string, string];
      return { workspaceId, userId: userId === NONE ? undefined : userId, preferences };
    });
  }

  async close(): Promise<void> {
    this.#unlink?.();
    await this.#copy.close();
  }

  #apply(entry: BucketEntry): void {
    // Nobody may make another person's summaries go elsewhere by having a message copied into the bucket.
    const read = entry.isCopied || entry.operation !== 'PUT' ? undefined : readable(entry);
    for (const known of new Set([this.#known, this.#loading])) {
      if (read) known.set(entry.key, read);
      else if (!entry.isCopied) known.delete(entry.key);
    }
  }
}

function readable(entry: BucketEntry): Preferences | undefined {
  try {
    return preferencesSchema.safeParse(entry.json()).data;
  } catch {
    return undefined;
  }
}
