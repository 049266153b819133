import { idPattern } from '@opensync/contracts';
import { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { countOf, documented, optionalText } from '../parameters.ts';

/** Letters of one command: an answer says of each what came of it. */
export const MOST_LETTERS = 100;

/** Only ids: what an operator asks for is in the API access log, which other text must not get into. */
function optionalId(prefix: string, what: string, meaning: string) {
  const id = z.string().regex(idPattern(prefix), `must be the id of a ${what} (\`${prefix}_…\`)`);
  return documented(id.optional(), { takes: `an id \`${prefix}_…\``, meaning });
}

const ofOwner = {
  workspace: optionalId('wsp', 'workspace', 'The id of the workspace; default: that of the caller'),
  user: optionalId('usr', 'user', 'The id of the user; default: the caller'),
};

export const listDocumentsSchema = onlyFields({
  ...ofOwner,
  session: optionalId('ses', 'session', 'Lists the messages of this session instead of sessions'),
  limit: inQuery(limitOf(200, 50, 'Maximum number of documents')),
  cursor: optionalText(2_000, 'The `cursor` of the previous page'),
});

export const readDocumentSchema = onlyFields(ofOwner);

export const documentIdSchema = z
  .string()
  .regex(idPattern('ses', 'msg'), 'must be the id of a session (`ses_…`) or of a message (`msg_…`)');

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
