import { ROLES, SCOPES } from '@opensync/contracts';
import { named, time } from '@opensync/platform/api-document';
import { z } from 'zod';

const person = { id: z.string(), email: z.string().optional(), name: z.string().optional() };
const cursor = z.string().nullable().describe('For the next page; `null` on the last one');

export const keySchema = z.strictObject({
  id: z.string(),
  hint: z.string().describe('What may be shown of the key'),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  state: z.enum(['valid', 'expired', 'revoked']),
  createdAt: time,
  expiresAt: time.optional(),
  usedAt: time.optional().describe('Give or take ten minutes; absent if it was not used, or requests are not logged'),
  revokedAt: time.optional(),
  replacedBy: z.string().optional().describe('The key that replaced it when it was rotated'),
  user: z.strictObject(person).optional().describe('Whose it is, with `of=workspace`'),
});
const key = named('ApiKey', keySchema);
const secret = z.string().describe('Shown once: it is stored nowhere');

export const keyPage = named('ApiKeyPage', z.strictObject({ keys: z.array(key), cursor }));
export const newKey = named('NewApiKey', z.strictObject({ key: secret, record: key }));
export const rotatedKey = named('RotatedApiKey', z.strictObject({ key: secret, record: key, former: key }));
export const oneKey = named('ApiKeyRecord', z.strictObject({ record: key }));

const memberSchema = z.strictObject({ ...person, role: z.enum(ROLES), isCaller: z.boolean() });
export const memberPage = named('MemberPage', z.strictObject({ members: z.array(memberSchema), cursor }));
export const roleAnswer = named('MemberRole', z.strictObject({ ok: z.literal(true), role: z.enum(ROLES) }));
export const removedAnswer = named('MemberRemoved', z.strictObject({ ok: z.literal(true), revokedKeys: z.int() }));

export const invitationAnswerSchema = z.strictObject({
  id: z.string(),
  role: z.enum(ROLES),
  email: z.string().optional(),
  invitedBy: z.strictObject(person),
  createdAt: time,
  expiresAt: time,
});
const invitation = named('Invitation', invitationAnswerSchema);
export const invitationList = named('Invitations', z.strictObject({ invitations: z.array(invitation) }));
export const newInvitation = named(
  'NewInvitation',
  z.strictObject({
    invitation,
    token: z.string().describe('Shown once, and used once'),
    url: z.string().optional().describe('What the invited person opens; absent if OPENSYNC_LOGIN_URL is not set'),
  }),
);

/** What an invitation says to the person who has it. */
export const invitedAnswer = named(
  'Invited',
  z.strictObject({
    workspace: z.strictObject({ id: z.string(), name: z.string().optional() }),
    role: z.enum(ROLES),
    email: z.string().optional(),
    invitedBy: z.string().optional(),
    expiresAt: time,
  }),
);
export const joinedAnswer = named('Joined', z.strictObject({ ok: z.literal(true), workspaceId: z.string() }));
