import type { KvEntry } from '@nats-io/kv';
import { z } from 'zod';

/** The projections that can be made anew beside the live ones. */
export const PROJECTIONS = ['documents', 'search', 'vectors'] as const;
export type Projection = (typeof PROJECTIONS)[number];

const generation = z.number().int().positive();

const checkpointSchema = z.object({
  /** The generation that is being made; the live one where the rebuild ended between its switch and its last steps. */
  generation,
  /** How far it is, in the rebuild's own words. */
  position: z.json(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** Which generation of a store is read and written; the first one is 1, and every switch is to a higher one. */
export const generationRecordSchema = z.object({
  live: generation,
  /** Others that were not removed yet: earlier ones, and what a rebuild that was begun anew left. */
  kept: z.array(generation),
  /**
   * Optional: only while a rebuild is under way or interrupted. In the same record as `live`, so that one compare and
   * set decides both whose rebuild it is and what is live.
   */
  rebuild: checkpointSchema.extend({ run: z.string() }).optional(),
});
export type GenerationRecord = z.infer<typeof generationRecordSchema>;

export const FIRST_RECORD: GenerationRecord = { live: 1, kept: [] };

/** The entry of the bucket that a projection's record lies in. */
export const liveEntry = (projection: Projection) => `live.${projection}`;

/** What an entry says; undefined where there is none. */
export function recordOf(entry: Pick<KvEntry, 'operation' | 'json'> | null): GenerationRecord | undefined {
  return entry?.operation === 'PUT' ? generationRecordSchema.parse(entry.json()) : undefined;
}

/** Request/reply subject on which each process with open stores says which generations it uses. */
export const USE_SUBJECT = 'osk.generations';
export const useSchema = z.partialRecord(z.enum(PROJECTIONS), generation);
export type GenerationUse = z.infer<typeof useSchema>;
