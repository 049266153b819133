import { CURATION_LIMITS, EVAL_STATUSES } from '@opensync/contracts';
import { AppError, type ErrorDetail } from '@opensync/platform';
import { z } from 'zod';
import {
  countOf,
  inQuery,
  instantOf,
  optionalChoiceOf,
  optionalFlag,
  optionalText,
  sourceFilter,
} from './parameters.ts';

export { inQuery, limitOf } from './parameters.ts';

/**
 * Parses the query string of a request. An empty parameter (`?source=`) counts as not given: forms and URL builders
 * send those.
 * @throws AppError INVALID_REQUEST with a detail for each parameter that is wrong
 */
export function parseQuery<Output>(schema: z.ZodType<Output>, query: unknown): Output {
  const repeated: ErrorDetail[] = [];
  const given: [string, unknown][] = [];
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    const values = [value].flat().filter((one) => one !== '');
    if (values.length === 1) given.push([name, values[0]]);
    else if (values.length > 1) repeated.push({ path: name, message: 'is given more than once' });
  }
  return parse(schema, Object.fromEntries(given), repeated);
}

/**
 * Parses the body of a request.
 * @throws AppError INVALID_REQUEST with a detail for each field that is wrong
 */
export function parseBody<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  return parse(schema, body, []);
}

function parse<Output>(schema: z.ZodType<Output>, input: unknown, known: readonly ErrorDetail[]): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success && known.length === 0) return parsed.data;
  // The first problem of each place: a repeated parameter is not also missing, and a huge number not also invalid.
  const found = [...known, ...(parsed.error?.issues ?? []).flatMap(detailsOf)];
  const details = [...new Map(found.toReversed().map((detail) => [detail.path, detail])).values()].toReversed();
  throw new AppError('INVALID_REQUEST', summaryOf(details), { details });
}

function detailsOf(issue: z.core.$ZodIssue): ErrorDetail[] {
  const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
  return paths.map((path) => ({ path: path.join('.'), message: issue.message }));
}

function summaryOf([first, ...others]: readonly ErrorDetail[]): string {
  const { path, message } = first!;
  const rest = others.length === 0 ? '' : `, and ${others.length} more ${others.length === 1 ? 'problem' : 'problems'}`;
  return `${path === '' ? 'The body' : path} ${message}${rest}`;
}

const LONGEST_NAME = 4_096;

/** Filters of sessions, in lists and searches; all set ones must match. */
export const sessionFilterFields = {
  source: sourceFilter(LONGEST_NAME, 'The tool that created the session; `cursor` means `cursor-sync`'),
  model: optionalText(LONGEST_NAME, 'The session’s model'),
  project: optionalText(LONGEST_NAME, 'The name or the full path of its project'),
  from: instantOf('Created at this time or later'),
  to: instantOf('Created before this time'),
  provider: optionalText(LONGEST_NAME, 'The provider of its model'),
  user: optionalText(256, 'Only sessions of this member of the workspace; a `userId`'),
  tag: optionalText(CURATION_LIMITS.tag, 'One of its tags'),
  evalStatus: optionalChoiceOf(EVAL_STATUSES, 'The verdict on it as an evaluation case'),
  hasErrors: optionalFlag(
    'Whether a tool call failed: in the session, or for a search by message in the message itself',
  ),
  parent: optionalText(256, 'Only sessions that this one’s agent started, or forks of it; its `id`'),
};

/** Of lists alone. */
export const listFilterFields = {
  ...sessionFilterFields,
  minTokens: inQuery(countOf(0, Number.MAX_SAFE_INTEGER, undefined, 'Tokens that it has at least')),
};

/** Of searches alone. */
export const searchFilterFields = {
  ...sessionFilterFields,
  role: optionalText(256, 'Only messages with this role are searched, such as `user` or `assistant`'),
  tool: optionalText(256, 'Only messages that use this tool are searched'),
};

/** An object with only these fields: a mistyped filter must not be ignored. */
export function onlyFields<Shape extends z.ZodRawShape>(shape: Shape) {
  const valid = Object.keys(shape);
  const unknown = `is not known; valid ${valid.length === 0 ? 'is none' : `are ${valid.join(', ')}`}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? unknown : 'must be a JSON object'),
  });
}

/** Query string of routes without parameters. */
export const noParameters = onlyFields({});
