import { z } from 'zod';

/** Body of a message on CHANGES: ids of one owner's documents that may say something new. */
export const documentChangesSchema = z.object({
  sessions: z.array(z.string()),
  messages: z.array(z.string()),
});
export type DocumentChanges = z.infer<typeof documentChangesSchema>;
