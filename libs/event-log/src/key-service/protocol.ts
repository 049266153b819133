import { ROLES, SCOPES } from '@opensync/contracts';
import { ERRORS, type ErrorCode } from '@opensync/platform';
import { z } from 'zod';
import { erasureSchema, foundSchema } from '../erasure/records.ts';
import { apiKeyRecordSchema } from '../keys/records.ts';
import { invitationSchema } from '../logins/records.ts';

/** A gateway asks for a caller; the keeper looks up by this what the caller may do. */
const callerSchema = z.object({
  workspaceId: z.string(),
  userId: z.string(),
  /** The key, or the login, that the request carried. */
  keyId: z.string(),
  isLogin: z.boolean(),
});
export type KeyServiceCaller = z.infer<typeof callerSchema>;

const id = z.string().min(1).max(100);
const token = z.string().min(1).max(100);
export const LONGEST_KEY_NAME = 100;
const LONGEST_TEXT = 320;
const MOST_MEMBERSHIPS = 600;
const LONGEST_SUBJECT = 1_024;
const name = z.string().min(1).max(LONGEST_KEY_NAME);
const time = z.number().int();
const count = z.number().int().nonnegative();

/** Who a provider says that a person is. */
const identitySchema = z.object({
  issuer: z.string().min(1).max(LONGEST_SUBJECT),
  subject: z.string().min(1).max(LONGEST_SUBJECT),
  /** Only if the provider has verified it. */
  email: z.string().max(LONGEST_TEXT).optional(),
  name: z.string().max(LONGEST_TEXT).optional(),
});
export type ClaimedIdentity = z.infer<typeof identitySchema>;

export const commandSchema = z.discriminatedUnion('command', [
  z.object({
    ...{ command: z.literal('create-key'), caller: callerSchema, name },
    ...{ scopes: z.array(z.enum(SCOPES)).min(1), expiresAt: time.optional() },
  }),
  z.object({ command: z.literal('rotate-key'), caller: callerSchema, keyId: id, endsAt: time }),
  z.object({ command: z.literal('revoke-key'), caller: callerSchema, keyId: id }),
  z.object({ command: z.literal('set-role'), caller: callerSchema, userId: id, role: z.enum(ROLES) }),
  z.object({ command: z.literal('remove-member'), caller: callerSchema, userId: id }),
  z.object({
    ...{ command: z.literal('invite'), caller: callerSchema, role: z.enum(ROLES) },
    ...{ email: z.string().max(LONGEST_TEXT).optional(), expiresAt: time },
  }),
  z.object({ command: z.literal('withdraw'), caller: callerSchema, invitationId: id }),
  /** A user who is logged in becomes a member. */
  z.object({ command: z.literal('join'), caller: callerSchema, token }),
  /** Someone new becomes a user and a member. */
  z.object({ command: z.literal('sign-up'), token }),
  /** A person whom a provider knows: who they are here, with an invitation if they have one. */
  z.object({
    ...{ command: z.literal('identify'), identity: identitySchema },
    invitation: token.optional(),
    /** The workspace that the login is for, if they are a member. */
    workspaceId: id.optional(),
  }),
  /** What a directory outside has of a person at this moment. */
  z.object({
    ...{ command: z.literal('sync-person'), identity: identitySchema },
    memberships: z.array(z.object({ organizationId: id, name, role: z.enum(ROLES) })).max(MOST_MEMBERSHIPS),
  }),
  z.object({ command: z.literal('connect'), caller: callerSchema, identity: identitySchema }),
  /** Erases everything of the caller. */
  z.object({ command: z.literal('erase-me'), caller: callerSchema, found: foundSchema }),
  /** The erasures that are not complete. */
  z.object({ command: z.literal('open-erasures') }),
  /** What the caller has verified of one, so that the keeper does what follows. */
  z.object({
    ...{ command: z.literal('continue-erasure'), erasureId: id },
    stores: z.object({ sequence: count, sessions: count }).optional(),
    payloads: z.boolean().optional(),
  }),
]);
export type KeyServiceCommand = z.infer<typeof commandSchema>;

const owner = z.object({ workspaceId: z.string(), userId: z.string() });

/** What the keeper answers to each command that succeeds. */
export const RESULTS = {
  'create-key': z.object({ key: z.string(), record: apiKeyRecordSchema }),
  'rotate-key': z.object({ key: z.string(), record: apiKeyRecordSchema, former: apiKeyRecordSchema }),
  'revoke-key': z.object({ record: apiKeyRecordSchema }),
  'set-role': z.object({ role: z.enum(ROLES) }),
  'remove-member': z.object({ revokedKeys: z.number() }),
  invite: z.object({ token: z.string(), invitation: invitationSchema }),
  withdraw: z.object({}),
  join: z.object({ owner }),
  'sign-up': z.object({ owner }),
  identify: z.object({ owner }),
  'sync-person': z.object({}),
  connect: z.object({}),
  'erase-me': z.object({ erasure: erasureSchema }),
  'open-erasures': z.object({ erasures: z.array(erasureSchema) }),
  'continue-erasure': z.object({ erasure: erasureSchema }),
} as const satisfies Record<KeyServiceCommand['command'], z.ZodType>;
export type Result<Name extends KeyServiceCommand['command']> = z.infer<(typeof RESULTS)[Name]>;

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
export const answerSchema = z.union([
  z.object({ result: z.unknown() }),
  z.object({ error: z.object({ code: z.enum(codes), message: z.string() }) }),
]);
