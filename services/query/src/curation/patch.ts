import {
  CURATION_LIMITS,
  EVAL_STATUSES,
  isHidden,
  refusalOf,
  VISIBILITIES,
  type Principal,
  type Publication,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { z } from 'zod';
import { onlyFields } from '../input.ts';
import { instantOf } from '../parameters.ts';
import { noSession, type CuratedChange, type Found } from './curations.ts';

const NUMBERS = new Intl.NumberFormat('en');

function text(longest: number) {
  return z
    .string('must be text')
    .max(longest, `is longer than ${NUMBERS.format(longest)} characters`)
    .transform((value) => value.toWellFormed());
}

const flag = z.boolean('must be true or false').optional();

const tag = text(CURATION_LIMITS.tag).refine((value) => value.trim() !== '', 'is empty');
export const tagsSchema = z
  .array(tag, 'must be a list of tags')
  .transform((tags) => [...new Set(tags.map((name) => name.trim()))])
  .refine(({ length }) => length <= CURATION_LIMITS.tags, `has more than ${CURATION_LIMITS.tags} tags`);

/** What any person who may change a session can say about it. Null takes a value back. */
const curatedFields = {
  title: text(CURATION_LIMITS.title)
    .refine((value) => value.trim() !== '', 'is empty')
    .optional(),
  visibility: z.enum(VISIBILITIES, `must be one of ${VISIBILITIES.join(', ')}`).optional(),
  evalReady: flag,
  evalStatus: z
    .enum(EVAL_STATUSES, `must be one of ${EVAL_STATUSES.join(', ')}, or null`)
    .nullable()
    .optional(),
  evalNotes: text(CURATION_LIMITS.notes).nullable().optional(),
  evalTags: tagsSchema.optional(),
  expectedOutput: text(CURATION_LIMITS.output).nullable().optional(),
};

const SOMETHING = 'must name at least one field to change';
const isSomething = (fields: object) => Object.values(fields).some((value) => value !== undefined);

/** Fields of several sessions at once. */
export const curatedSchema = onlyFields(curatedFields).refine(isSomething, SOMETHING);

/** Body of `PATCH /api/sessions/:id`. */
export const patchSchema = onlyFields({
  ...curatedFields,
  isPublic: flag,
  expiresAt: instantOf('When the public link ends').nullable(),
}).refine(isSomething, SOMETHING);
export type Patch = z.infer<typeof patchSchema>;

/** Fields that an admin of the workspace may set of a session that another member shares with it. */
const OF_REVIEWERS: ReadonlySet<string> = new Set([
  'evalReady',
  'evalStatus',
  'evalNotes',
  'evalTags',
  'expectedOutput',
]);

/**
 * The event's content for a request. Pure.
 * @param publication of a new link, if the request asks for one
 * @throws AppError NOT_FOUND, FORBIDDEN, INVALID_REQUEST
 */
export function changeOf(
  { isPublic, expiresAt, ...fields }: Patch,
  { session, isOwn }: Found,
  { caller, now, publication }: { caller: Principal; now: number; publication?: Publication | undefined },
): CuratedChange {
  if (isHidden(session)) throw noSession(session);
  const said = definedOf(fields);
  if (!isOwn)
    assertReviewer(caller, { ...said, ...(isPublic !== undefined && { isPublic }), ...definedOf({ expiresAt }) });
  if (isPublic === false) {
    if (expiresAt != null) throw invalid('expiresAt', 'cannot be set together with isPublic: false');
    return { ...said, publication: null, publicUntil: null };
  }
  if (expiresAt === undefined) return { ...said, ...(publication && { publication, publicUntil: null }) };
  if (expiresAt !== null && expiresAt <= now) throw invalid('expiresAt', 'must be in the future');
  if (!publication && !session.fields.publication) {
    throw invalid('expiresAt', 'needs a public link; set isPublic to true');
  }
  return { ...said, ...(publication && { publication }), publicUntil: expiresAt };
}

/** Of a session that another member shares, an admin may judge it and revoke its link; all else is for its owner. */
function assertReviewer(caller: Principal, said: Readonly<Record<string, unknown>>): void {
  const refusal = refusalOf(caller, ['review']);
  if (refusal !== undefined) throw new AppError('FORBIDDEN', 'Only its owner can change a shared session');
  const ofOwner = Object.entries(said).filter(([name, value]) => {
    return !OF_REVIEWERS.has(name) && !(name === 'isPublic' && value === false);
  });
  if (ofOwner.length === 0) return;
  const names = ofOwner.map(([name]) => name).join(', ');
  throw new AppError('FORBIDDEN', `Only its owner can change these fields of a shared session: ${names}`);
}

function definedOf<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
}

function invalid(path: string, message: string): AppError {
  return new AppError('INVALID_REQUEST', `${path} ${message}`, { details: [{ path, message }] });
}
