import { z } from 'zod';

/** Request of the embedder on `osk.embed`. */
export const embedRequestSchema = z.object({
  /** Must be the model that the embedder serves: vectors of different models must never share a collection. */
  model: z.string(),
  texts: z.array(z.string()).min(1).max(64),
  /**
   * What the texts are: a retrieval model embeds a query and a passage differently. Absent in requests of earlier
   * versions, which want the texts embedded as they are.
   */
  role: z.enum(['query', 'passage']).optional(),
  /** How many attempts to make if the model fails; absent: the embedder's default. */
  attempts: z.number().int().positive().optional(),
});
export type EmbedRequest = z.infer<typeof embedRequestSchema>;

/** Its answer: one vector per text, each as base64 of little-endian float32 values of unit length. */
export const embedResponseSchema = z.object({
  model: z.string(),
  dimensions: z.number().int().positive(),
  /** With which vectors those of its passages can be compared; absent if an earlier version answers: the model's name. */
  space: z.string().optional(),
  vectors: z.array(z.string()),
});
export type EmbedResponse = z.infer<typeof embedResponseSchema>;
