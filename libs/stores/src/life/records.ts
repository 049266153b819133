import { PROJECTIONS, type Projection } from '@opensync/contracts';
import type { KvEntry } from '@nats-io/kv';
import { AppError } from '@opensync/platform';
import { GENERATION_BUCKET } from '@opensync/event-log';
import { z } from 'zod';

/** The stores, each of which is filled in generations. */

const generation = z.number().int().positive();

const checkpointSchema = z.object({
  /** The generation that is being filled; the live one if the work ended between its switch and its last steps. */
  generation,
  /** Its progress, as its filler records it; null until anything under its number was removed. */
  position: z.json(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/**
 * The life of one index: one record per store, read from the leader and changed by compare and set. Fields other than
 * `live` and `kept` are optional also because earlier versions drop them when they change the record. An unreadable
 * optional field counts as absent, because it must not stop every process. Of an unreadable fill only its existence
 * is known.
 */
export const generationRecordSchema = z.object({
  /** The generation that is read and written; the first one is 1, and every switch is to a higher one. */
  live: generation,
  /** Others that are not removed yet: earlier ones, and those of abandoned jobs. */
  kept: z.array(generation),
  /** The highest number ever used: none is reused, since an abandoned job may still write to it. */
  given: generation.optional().catch(undefined),
  /**
   * The next generation, while it is being filled or after an interruption, and the worker that fills it. `fill` is
   * the token of the fill that was open when its walk through the documents began: no later fill ends with the
   * switch.
   */
  rebuild: checkpointSchema
    .extend({ run: z.string(), fill: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  /** The one worker that may change the record. While it lives it increments `beat`. */
  lease: z.object({ worker: z.string(), beat: z.number().int() }).optional().catch(undefined),
  /** The last confirmed position of the live generation. */
  position: z
    .object({
      sequence: z.number().int().nonnegative(),
      /** The repair that was begun in it. A copy of the store may name one that ended long ago. */
      repair: z.string().optional(),
    })
    .optional()
    .catch(undefined),
  /** For vectors: the embedding model, `name/dimensions`. */
  model: z.string().optional().catch(undefined),
  /** For an index: when its consumer was created. A recreated consumer has missed changes. */
  feed: z.string().optional().catch(undefined),
  /** For an index: the format of its rows (contracts' `ROW_FORMAT`). Rows of an earlier format are written again. */
  rows: z.number().int().optional().catch(undefined),
  /**
   * For an index whose live generation is missing documents: all are announced to it again. `announced` is the end of
   * CHANGES after that; absent until a worker has announced all of them.
   */
  fill: z
    .object({ token: z.string(), announced: z.number().int().nonnegative().optional() })
    .optional()
    .catch({ token: 'unreadable' }),
});
export type GenerationRecord = z.infer<typeof generationRecordSchema>;

export type Confirmed = NonNullable<GenerationRecord['position']>;

export const FIRST_RECORD: GenerationRecord = { live: 1, kept: [] };

/** The bucket entry of a store's record. */
export const liveEntry = (projection: Projection) => `live.${projection}`;

/** This version cannot read the record of a store, so no process knows which generation is live. */
export class UnreadableRecordError extends AppError {
  override readonly name = 'UnreadableRecordError';

  constructor(key: string, cause: unknown) {
    super(
      'INTERNAL',
      `The record ${key} in the bucket ${GENERATION_BUCKET} cannot be read. If a newer version wrote it, use that version; ` +
        `otherwise restore it from a backup, or remove it (nats kv del ${GENERATION_BUCKET} ${key}) and restart, which recreates it.`,
      { cause },
    );
  }
}

/** The record in an entry; undefined if there is none. @throws UnreadableRecordError */
export function recordOf(entry: Pick<KvEntry, 'operation' | 'json' | 'key'> | null): GenerationRecord | undefined {
  if (entry?.operation !== 'PUT') return undefined;
  try {
    return generationRecordSchema.parse(entry.json());
  } catch (error) {
    throw new UnreadableRecordError(entry.key, error);
  }
}

/** The answer on GENERATION_USE_SUBJECT. */
export const useSchema = z.partialRecord(z.enum(PROJECTIONS), generation);
export type GenerationUse = z.infer<typeof useSchema>;
