import { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { countOf, optionalText } from '../parameters.ts';

/** Ids of workspaces, users and documents. */
const LONGEST_ID = 256;
/** Letters of one command: an answer says of each what came of it. */
export const MOST_LETTERS = 100;

const ofOwner = {
  workspace: optionalText(LONGEST_ID, 'The id of the workspace; default: that of the caller'),
  user: optionalText(LONGEST_ID, 'The id of the user; default: the caller'),
};

export const listDocumentsSchema = onlyFields({
  ...ofOwner,
  session: optionalText(LONGEST_ID, 'Lists the messages of this session instead of sessions; a `ses_…`'),
  limit: inQuery(limitOf(200, 50, 'Maximum number of documents')),
  cursor: optionalText(2_000, 'The `cursor` of the previous page'),
});

export const readDocumentSchema = onlyFields(ofOwner);

export const documentIdSchema = z
  .string()
  .max(LONGEST_ID)
  .regex(/^(ses|msg)_/, 'must be the id of a session (`ses_…`) or of a message (`msg_…`)');

export const listLettersSchema = onlyFields({
  consumer: optionalText(100, 'Only of this consumer, such as `documents`'),
  limit: inQuery(limitOf(200, 50, 'Maximum number of dead letters')),
  cursor: inQuery(countOf(1, Number.MAX_SAFE_INTEGER, undefined, 'The `cursor` of the previous page')),
});

export const positionSchema = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, 'must be a position in the log')
  .transform(Number);

export const lettersSchema = onlyFields({
  ids: z
    .array(z.int('must be the id of a dead letter').positive('must be the id of a dead letter'))
    .min(1, 'must name at least one dead letter')
    .max(MOST_LETTERS, `must name at most ${MOST_LETTERS} dead letters`),
});
