import { inQuery, onlyFields } from '../input.ts';
import { choiceOf, optionalChoiceOf, optionalNumberOf } from '../parameters.ts';

/** Query string of `GET /api/sessions/:id/messages/:messageId/content`. */
export const contentSchema = onlyFields({
  part: inQuery(optionalNumberOf(0, 10_000, 'The `order` of a part; without it, the message’s own text')),
  of: choiceOf(['content', 'extra'], 'content', 'Which of the part'),
  media: optionalChoiceOf(['link', 'inline'], 'Return blobs as links or as they were sent; see Media'),
});
