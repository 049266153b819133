import { hasAsciiDomain, ROLES } from '@opensync/contracts';
import {
  LONGEST_INVITATION_MS,
  LONGEST_KEY_NAME,
  LONGEST_OVERLAP_MS,
  PERSONAL_SCOPES,
} from '@opensync/event-log/key-service';
import { isEmail } from '@opensync/platform';
import { z } from 'zod';
import { choiceOf, inQuery, instantOf, limitOf, optionalText } from '../parameters.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_EMAIL = 320;
const MOST_ROWS = 200;

const name = z
  .string('must be text')
  .trim()
  .min(1, 'must not be empty')
  .max(LONGEST_KEY_NAME, `must have at most ${LONGEST_KEY_NAME} characters`)
  .refine((value) => !/\p{Cc}/u.test(value), 'must not have control characters');
const role = z.enum(ROLES, `must be one of ${ROLES.join(', ')}`);

export const newKeySchema = z.strictObject({
  name,
  scopes: z
    .array(z.enum(PERSONAL_SCOPES, `must be a list of ${PERSONAL_SCOPES.join(', ')}`))
    .min(1, 'must not be empty')
    .max(PERSONAL_SCOPES.length)
    .default(['ingest', 'read']),
  expiresAt: instantOf('When the key expires; never by default'),
});

export const rotateSchema = z.strictObject({
  /** How long the former key stays valid. */
  overlapHours: z
    .number('must be a number')
    .min(0, 'must not be negative')
    .max(LONGEST_OVERLAP_MS / HOUR_MS, `must be at most ${LONGEST_OVERLAP_MS / HOUR_MS}`)
    .default(24),
});

export const roleSchema = z.strictObject({ role });

export const newInvitationSchema = z.strictObject({
  role: role.default('member'),
  email: z
    .string('must be text')
    .max(LONGEST_EMAIL)
    .refine((value) => isEmail(value) && hasAsciiDomain(value), 'must be an e-mail address with an ASCII domain')
    .optional(),
  expiresInDays: z
    .number('must be a number')
    .positive('must be positive')
    .max(LONGEST_INVITATION_MS / DAY_MS, `must be at most ${LONGEST_INVITATION_MS / DAY_MS}`)
    .default(7),
});

const page = {
  limit: inQuery(limitOf(MOST_ROWS, 50)),
  cursor: optionalText(100, 'Of the page before'),
};
export const keyListSchema = z.strictObject({
  ...page,
  of: choiceOf(['me', 'workspace'], 'me', 'Whose keys: `workspace` those of all members, for admins'),
});
export const memberListSchema = z.strictObject(page);

export const hours = (count: number) => count * HOUR_MS;
export const days = (count: number) => count * DAY_MS;
