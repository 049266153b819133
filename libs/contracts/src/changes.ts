import { z } from 'zod';

/** Body of a message on CHANGES: ids of one owner's documents that may say something new. */
const changedSchema = z.object({ sessions: z.array(z.string()), messages: z.array(z.string()) });

/**
 * Another body: ids of deleted sessions, whose rows must be removed before the current documents are indexed again. A
 * separate body, so that an indexer of an earlier version parks the message as a dead letter instead of skipping it.
 */
const removedSchema = z.object({ removed: z.array(z.string()) });

export const documentChangesSchema = z.union([changedSchema, removedSchema]);

export interface DocumentChanges {
  readonly sessions: readonly string[];
  readonly messages: readonly string[];
  readonly removed?: readonly string[];
}

/** The changes that a body names; undefined if the body is not a list of changes. */
export function parseDocumentChanges(body: unknown): DocumentChanges | undefined {
  const { data } = documentChangesSchema.safeParse(body);
  return data && { sessions: [], messages: [], ...data };
}
