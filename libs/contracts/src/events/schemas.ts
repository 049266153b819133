import { z } from 'zod';
import { mediaReferenceSchema } from '../content/media.ts';
import type { Json } from '../content/json.ts';
import { toolFactsSchema } from '../content/tool-facts.ts';
import { VISIBILITIES } from '../owner.ts';
import { ROLES, SCOPES } from '../principal.ts';

/** Milliseconds since the Unix epoch. */
const epochMs = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Any JSON value, unchecked: JSON.parse only returns JSON, and checking every value again took nine times as long as
 * parsing. `decodeEvent` bounds the nesting.
 */
const anyJson = z.unknown() as unknown as z.ZodType<Json>;

/** Replaces content of more than 256 KiB in an event; the content is in the payload store. */
const payloadReferenceSchema = z.object({
  sha256,
  /** Bytes of the content in UTF-8. */
  size: z.number().int().positive(),
  /**
   * The beginning of the content as text. In part events of earlier versions, which lack `readable`, the beginning of
   * its JSON.
   */
  preview: z.string(),
  /** The preview is text. */
  readable: z.literal(true).optional(),
});
export type PayloadReference = z.infer<typeof payloadReferenceSchema>;

export const sessionSyncedSchema = z.object({
  sessionId: z.string().startsWith('ses_'),
  externalId: z.string().min(1),
  // Every field below is optional: plugins send sessions in pieces, and absent means unchanged.
  source: z.string().optional(),
  title: z.string().optional(),
  projectPath: z.string().optional(),
  projectName: z.string().optional(),
  model: z.string().optional(),
  provider: z.string().optional(),
  endReason: z.string().optional(),
  /** The session whose agent started this one, by its agent's id. */
  parentExternalId: z.string().optional(),
  /** The session that this one continues a copy of, by its agent's id. */
  forkedFromExternalId: z.string().optional(),
  promptTokens: amount.optional(),
  completionTokens: amount.optional(),
  cacheReadTokens: amount.optional(),
  cacheWriteTokens: amount.optional(),
  reasoningTokens: amount.optional(),
  totalTokens: amount.optional(),
  /** US dollars. */
  cost: amount.optional(),
  durationMs: amount.optional(),
  messageCount: amount.optional(),
  toolCallCount: amount.optional(),
  createdAt: epochMs.optional(),
});
export type SessionSynced = z.infer<typeof sessionSyncedSchema>;

export const messageSyncedSchema = z.object({
  messageId: z.string().startsWith('msg_'),
  externalId: z.string().min(1),
  sessionId: z.string().startsWith('ses_'),
  sessionExternalId: z.string().min(1),
  // Optional for the same reason.
  source: z.string().optional(),
  role: z.string().optional(),
  textContent: z.string().optional(),
  /** Instead of textContent if it is over 256 KiB. */
  textRef: payloadReferenceSchema.optional(),
  /** Blobs that tokens in the text stand for, by the tokens' indexes. */
  media: z.array(mediaReferenceSchema).optional(),
  /**
   * The beginning of the person's own text in the message; empty if there is none. Absent if it can be derived from
   * `textContent`.
   */
  prompt: z.string().optional(),
  model: z.string().optional(),
  provider: z.string().optional(),
  /**
   * The provider's id of the response that the message belongs to; each response counts once, however many messages
   * repeat it.
   */
  requestId: z.string().optional(),
  promptTokens: amount.optional(),
  completionTokens: amount.optional(),
  cacheReadTokens: amount.optional(),
  cacheWriteTokens: amount.optional(),
  reasoningTokens: amount.optional(),
  cost: amount.optional(),
  durationMs: amount.optional(),
  createdAt: epochMs.optional(),
  /** How many part events follow. Absent if the message came without `parts`, which leaves its parts unchanged. */
  partCount: z.number().int().nonnegative().optional(),
  /** How many of those are tool calls; together with `partCount`, absent in older events. */
  toolCallCount: z.number().int().nonnegative().optional(),
});
export type MessageSynced = z.infer<typeof messageSyncedSchema>;

export const partSyncedSchema = z.object({
  partId: z.string().startsWith('prt_'),
  messageId: z.string().startsWith('msg_'),
  sessionId: z.string().startsWith('ses_'),
  /** 0-based place within the message. */
  order: z.number().int().nonnegative(),
  type: z.string().min(1),
  /**
   * Text, reasoning and plain tool results as a string, tool calls as {toolName, args?, result?, …}, media as
   * {mediaType, sha256, size, name?} (or a uri), other types as sent. In events of earlier versions, other types and
   * contents are as they were sent.
   */
  content: anyJson.optional(),
  /** Instead of content if it is over 256 KiB as JSON; the payload is the content's JSON. */
  contentRef: payloadReferenceSchema.optional(),
  /** With contentRef, of a tool call or a tool result: what its content says, see `toolFactsOf`. */
  tool: toolFactsSchema.optional(),
  /** Everything that the content does not hold: signatures, hints, and for media the part as it was sent. */
  extra: anyJson.optional(),
  /** Instead of extra if it is over 256 KiB as JSON. */
  extraRef: payloadReferenceSchema.optional(),
  /** Blobs that tokens in content and extra stand for, by the tokens' indexes. */
  media: z.array(mediaReferenceSchema).optional(),
});
export type PartSynced = z.infer<typeof partSyncedSchema>;

/** A session was deleted: no store keeps anything that earlier events said about it. Later events create it again. */
export const sessionDeletedSchema = z.object({
  sessionId: z.string().startsWith('ses_'),
  externalId: z.string().min(1),
});
export type SessionDeleted = z.infer<typeof sessionDeletedSchema>;

/** The verdict of a person on a session that is to become an evaluation case. */
export const EVAL_STATUSES = ['golden', 'correct', 'incorrect', 'needs_review'] as const;
export type EvalStatus = (typeof EVAL_STATUSES)[number];

/**
 * Limits of what a person may write about a session, in characters. Lists load sessions by the hundred, so these bound
 * the memory of a page.
 */
export const CURATION_LIMITS = { title: 4_096, notes: 4_096, output: 16_384, tag: 64, tags: 32 } as const;

/** A snapshot of a session that anyone with the link may read. */
const publicationSchema = z.object({
  /** SHA-256 of the link's secret, as base64url: the log must not give access. */
  hash: z.string().regex(/^[\w-]{43}$/),
  /** The snapshot in the payload store: redacted JSON, never changed. */
  snapshot: z.object({ sha256, size: z.number().int().positive() }),
  at: epochMs,
});
export type Publication = z.infer<typeof publicationSchema>;

/**
 * A person has changed a session through the API. Absent means unchanged, null takes a value back. These events have a
 * subject of their own, so that a write can depend on the owner's last one.
 */
export const sessionCuratedSchema = z.object({
  sessionId: z.string().startsWith('ses_'),
  externalId: z.string().min(1),
  /** Stays, whatever title a client sends later. */
  title: z.string().min(1).optional(),
  visibility: z.enum(VISIBILITIES).optional(),
  /** The session is meant for evaluations. */
  evalReady: z.boolean().optional(),
  evalStatus: z.enum(EVAL_STATUSES).nullable().optional(),
  evalNotes: z.string().max(CURATION_LIMITS.notes).nullable().optional(),
  /** All tags of the session; replaces the previous ones. */
  evalTags: z.array(z.string().min(1).max(CURATION_LIMITS.tag)).max(CURATION_LIMITS.tags).optional(),
  expectedOutput: z.string().max(CURATION_LIMITS.output).nullable().optional(),
  /** Null revokes the link. */
  publication: publicationSchema.nullable().optional(),
  /** When the link ends. */
  publicUntil: epochMs.nullable().optional(),
  /** When the session was put into the trash; null takes it out. */
  trashedAt: epochMs.nullable().optional(),
  /** It is about to be deleted for good: from here on nothing can take it out of the trash. */
  erasing: z.literal(true).optional(),
});
export type SessionCurated = z.infer<typeof sessionCuratedSchema>;

const userId = z.string().startsWith('usr_');
const workspaceId = z.string().startsWith('wsp_');
const keyId = z.string().startsWith('key_');

/** All current facts about a user; facts of earlier events that are missing here no longer apply. */
export const userPutSchema = z.object({
  userId,
  /** As the user writes it. Users are found by its {@link comparableEmail} form, which is unique. */
  email: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  /** The user's ids at identity providers. */
  identities: z.array(z.object({ issuer: z.string().min(1), subject: z.string().min(1) })).optional(),
});
export type UserPut = z.infer<typeof userPutSchema>;

export const userRemovedSchema = z.object({ userId });
export type UserRemoved = z.infer<typeof userRemovedSchema>;

export const workspacePutSchema = z.object({ workspaceId, name: z.string().min(1) });
export type WorkspacePut = z.infer<typeof workspacePutSchema>;

/** A user becomes a member of a workspace with this role. */
export const membershipPutSchema = z.object({
  workspaceId,
  userId,
  role: z.enum(ROLES),
  /** The issuer of the identity provider that decides about the membership; absent: the workspace itself. */
  managedBy: z.string().min(1).optional(),
});
export type MembershipPut = z.infer<typeof membershipPutSchema>;

export const membershipRemovedSchema = z.object({ workspaceId, userId });
export type MembershipRemoved = z.infer<typeof membershipRemovedSchema>;

/** An API key was created. Contains neither the key, nor a part or a hash of it, so reading the log gives no access. */
export const apiKeyCreatedSchema = z.object({
  keyId,
  workspaceId,
  userId,
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  expiresAt: epochMs.optional(),
});
export type ApiKeyCreated = z.infer<typeof apiKeyCreatedSchema>;

export const apiKeyRevokedSchema = z.object({ keyId, workspaceId, userId });
export type ApiKeyRevoked = z.infer<typeof apiKeyRevokedSchema>;

/** All sessions of a user in a workspace were erased, as if each was deleted. Later events create sessions again. */
export const userErasedSchema = z.object({
  /** The owner; the subject of the event names the workspace, too. */
  userId,
  /** The erasure that a person asked for, under which its certificate is found. */
  erasureId: z.string().startsWith('ers_').max(64).optional(),
});
export type UserErased = z.infer<typeof userErasedSchema>;

/** Data by event type. The version is part of the type. */
export interface EventData {
  'dev.opensync.session.synced.v1': SessionSynced;
  'dev.opensync.session.curated.v1': SessionCurated;
  'dev.opensync.session.deleted.v1': SessionDeleted;
  'dev.opensync.message.synced.v1': MessageSynced;
  'dev.opensync.part.synced.v1': PartSynced;
  'dev.opensync.user.put.v1': UserPut;
  'dev.opensync.user.removed.v1': UserRemoved;
  'dev.opensync.workspace.put.v1': WorkspacePut;
  'dev.opensync.membership.put.v1': MembershipPut;
  'dev.opensync.membership.removed.v1': MembershipRemoved;
  'dev.opensync.apikey.created.v1': ApiKeyCreated;
  'dev.opensync.apikey.revoked.v1': ApiKeyRevoked;
  'dev.opensync.user.erased.v1': UserErased;
}
export type EventType = keyof EventData;
