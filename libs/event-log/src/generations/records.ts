import { z } from 'zod';

/** The projections that can be made anew beside the live ones. */
export const PROJECTIONS = ['documents', 'search', 'vectors'] as const;
export type Projection = (typeof PROJECTIONS)[number];

const generation = z.number().int().positive();

/** Which generation of a store is read and written; the first one is 1. */
export const generationRecordSchema = z.object({
  live: generation,
  /** Earlier ones that were not removed yet. */
  kept: z.array(generation),
});
export type GenerationRecord = z.infer<typeof generationRecordSchema>;

export const FIRST_GENERATION: GenerationRecord = { live: 1, kept: [] };

/** The entry of the bucket that a projection's record lies in, and the one of its rebuild's checkpoint. */
export const liveEntry = (projection: Projection) => `live.${projection}`;
export const rebuildEntry = (projection: Projection) => `rebuild.${projection}`;

/** Request/reply subject on which each process with open stores says which generations it uses. */
export const USE_SUBJECT = 'osk.generations';
export const useSchema = z.partialRecord(z.enum(PROJECTIONS), generation);
export type GenerationUse = z.infer<typeof useSchema>;
