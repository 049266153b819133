import { z } from 'zod';

/** Request of the embedder on `osk.embed`. */
export const embedRequestSchema = z.object({
  /** Must be the model that the embedder serves: vectors of different models must never share a collection. */
  model: z.string(),
  texts: z.array(z.string()).min(1).max(64),
  /** How many attempts to make if the model fails; absent: the embedder's default. */
  attempts: z.number().int().positive().optional(),
});
export type EmbedRequest = z.infer<typeof embedRequestSchema>;

/** Its answer: one vector per text, each as base64 of little-endian float32 values of unit length. */
export const embedResponseSchema = z.object({
  model: z.string(),
  dimensions: z.number().int().positive(),
  vectors: z.array(z.string()),
});
export type EmbedResponse = z.infer<typeof embedResponseSchema>;
