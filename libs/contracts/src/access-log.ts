import { z } from 'zod';
import type { Owner } from './owner.ts';

/** The API access log: requests, by the member whose key they carried. */
export const ACCESS_SUBJECTS = 'osk.access.>';

/** `osk.access.<workspaceId>.<userId>` */
export function accessSubject({ workspaceId, userId }: Owner): string {
  return `osk.access.${workspaceId}.${userId}`;
}

/** The requests of all members of a workspace. */
export function workspaceAccessSubjects(workspaceId: string): string {
  return `osk.access.${workspaceId}.*`;
}

/** The user of a subject of the access log. */
export function userOfAccessSubject(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** Whose data a request asked for, where the route alone does not say it: ids, and nothing of what was read. */
const accessTargetSchema = z.object({
  /** Such as `session` or `event`. Text, so that the kinds of a newer version cost no entry. */
  kind: z.string(),
  /** Absent: of all workspaces, or of one that the request did not find. */
  workspaceId: z.string().optional(),
  /** Absent: of all members, or of one that the request did not find. */
  userId: z.string().optional(),
  /** Absent: a list. */
  id: z.string().optional(),
});
export type AccessTarget = z.infer<typeof accessTargetSchema>;

/**
 * A request whose key was valid, whatever came of it. Nothing of the caller's data: the route without the ids in its
 * path, no query string, no body, no key. Only a request for the data of others names it.
 */
const accessEntrySchema = z.object({
  requestId: z.string(),
  /** When it ended; milliseconds since the epoch. */
  at: z.number(),
  method: z.string(),
  /** As the router knows it, such as `/api/sessions/:id`. */
  route: z.string(),
  /** {@link CLIENT_WENT_AWAY} if nobody received the answer. */
  status: z.number(),
  durationMs: z.number(),
  keyId: z.string(),
  /** What may be shown of the key. */
  keyHint: z.string().optional(),
  /** Of the write, if it was one. */
  sequence: z.number().optional(),
  target: accessTargetSchema.optional(),
});
export type AccessEntry = z.infer<typeof accessEntrySchema>;

/** A message of the access log: requests of one member that one gateway served, in the order of their ends. */
export const accessBatchSchema = z.object({ entries: z.array(accessEntrySchema) });

/** The status that proxies log for a client that closed its connection before the answer was sent. */
export const CLIENT_WENT_AWAY = 499;
