import { z } from 'zod';

/** Request of the embedder on `osk.embed`. */
export const embedRequestSchema = z.object({
  /** Must be the model that the embedder serves: vectors of two models must never meet in one collection. */
  model: z.string(),
  texts: z.array(z.string()).min(1).max(64),
  /** How often to try if the model fails; absent: as often as the embedder usually does. */
  attempts: z.number().int().positive().optional(),
});
export type EmbedRequest = z.infer<typeof embedRequestSchema>;

/** Its answer: one vector a text, each the base64 of little-endian float32 values of unit length. */
export const embedResponseSchema = z.object({
  model: z.string(),
  dimensions: z.number().int().positive(),
  vectors: z.array(z.string()),
});
export type EmbedResponse = z.infer<typeof embedResponseSchema>;
