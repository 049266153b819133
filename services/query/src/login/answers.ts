import { ROLES, SCOPES } from '@opensync/contracts';
import { time } from '@opensync/platform/api-document';
import { z } from 'zod';

export const loginSchema = z.strictObject({
  id: z.string(),
  means: z.string().describe('`key`, `link`, or the provider'),
  createdAt: time,
  usedAt: time.describe('Give or take five minutes'),
  endsAt: time.describe('When it ends in any case'),
  operatorUntil: time.optional().describe('Until when it may operate the server'),
});

export const sessionSchema = z.strictObject({
  user: z.strictObject({ id: z.string(), email: z.string().optional(), name: z.string().optional() }),
  workspace: z.strictObject({ id: z.string(), name: z.string().optional() }),
  role: z.enum(ROLES),
  scopes: z.array(z.enum(SCOPES)),
  login: loginSchema.optional().describe('Of a cookie'),
  csrfToken: z.string().optional().describe('Of a cookie: send it back as `X-CSRF-Token` with each write'),
});
