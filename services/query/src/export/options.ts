import { EVAL_STATUSES, storedSource, type SessionView } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { ListFilter } from '@opensync/stores';
import { z } from 'zod';
import { inQuery, onlyFields, sessionFilterFields } from '../input.ts';
import { choiceOf, countOf, documented, flag, instantOf, optionalChoiceOf, optionalText } from '../parameters.ts';
import { ALIASES, FORMAT_NAMES, formatOf } from './formats/formats.ts';
import type { ExportFormat, RenderOptions } from './formats/format.ts';
import { TURN_MODES } from './test-cases.ts';

const [FIRST, ...OTHERS] = FORMAT_NAMES as [string, ...string[]];
const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_TAGS = 50;

/** The end of a day that is given without a time: the day counts, as in the original. */
const endOfDay = documented(
  z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date such as 2026-01-31')
    .transform((date, context) => {
      const day = Date.parse(`${date}T00:00:00Z`);
      if (!Number.isNaN(day)) return day + DAY_MS;
      context.addIssue({ code: 'custom', message: 'must be a date such as 2026-01-31' });
      return z.NEVER;
    })
    .optional(),
  { takes: 'a date such as `2026-01-31`', meaning: 'Created on this day or before' },
);

/** Query string of `GET /api/export` and `GET /api/export/evals`. Names with underscores are the original's. */
export const exportSchema = onlyFields({
  id: optionalText(512, 'Export only this session: its id, assigned by OpenSync or by its plugin'),
  format: choiceOf([FIRST, ...OTHERS], 'json', 'What is exported; see [Export](export.md)'),
  archive: optionalChoiceOf(
    ['zip'],
    'Put a file for each session, or the data and its companion file, into an archive',
  ),
  part: optionalChoiceOf(
    ['registry', 'schema'],
    'Return only the companion file of the formats `openai` and `openai-api`',
  ),
  turn_mode: choiceOf(TURN_MODES, 'per_turn', 'How a session becomes test cases'),
  context_chars: inQuery(countOf(0, 1_000_000, 20_000, 'Characters of the conversation before each test case')),
  include_metadata: flag(true, 'Whether rows say where they come from'),
  include_system: flag(true, 'Whether system messages are exported'),
  include_tools: flag(true, 'Whether tool calls and their results are exported'),
  code_only: flag(false, 'Only code blocks of the answers in test cases'),
  anonymize: flag(false, 'Replace names, e-mails, paths, hosts and secrets by pseudonyms'),
  limit: inQuery(countOf(1, 10_000_000, undefined, 'Maximum number of sessions')),
  order: choiceOf(['asc', 'desc'], 'desc', 'Oldest first, or newest first'),
  ...sessionFilterFields,
  tool: optionalText(4_096, 'The same as `source`'),
  date_from: instantOf('The same as `from`'),
  date_to: endOfDay,
  status: optionalChoiceOf(EVAL_STATUSES, 'The session’s verdict'),
  tags: optionalText(4_096, 'Any of these tags, separated by commas'),
  min_tokens: inQuery(countOf(0, Number.MAX_SAFE_INTEGER, undefined, 'Tokens that the session has at least')),
  eval_ready: flag(undefined, 'Whether the session is marked as ready for evaluations'),
});
export type ExportQuery = z.infer<typeof exportSchema>;

export interface ExportRequest {
  readonly id: string | undefined;
  readonly format: ExportFormat;
  readonly archive: 'zip' | undefined;
  readonly part: ExportQuery['part'];
  readonly anonymize: boolean;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** The filters that stores support, so that a filter that few sessions match reads only those sessions. */
  readonly filter: StoreFilter;
  /** Filters that need the folded session, or are exact only with it. */
  readonly accepts: (session: SessionView) => boolean;
  readonly options: Omit<RenderOptions, 'exportedAt' | 'isSingle'>;
}

type SharedFilter = Pick<ExportQuery, keyof typeof sessionFilterFields>;
type StoreFilter = SharedFilter & Pick<ListFilter, 'minTokens' | 'tags'>;

/** @throws AppError INVALID_REQUEST for what the format does not have */
export function exportRequestOf(query: ExportQuery): ExportRequest {
  const format = formatOf(query.format);
  if (format.kind === 'cases' && !format.turnModes.includes(query.turn_mode)) {
    throw invalid('turn_mode', `is not possible with the format ${format.name}; use ${format.turnModes.join(', ')}`);
  }
  if (query.part !== undefined && format.companion?.part !== query.part) {
    throw invalid('part', `is not a part of the format ${format.name}`);
  }
  const { source, from, to } = query;
  const filter = Object.fromEntries(
    Object.keys(sessionFilterFields).map((name) => [name, query[name as keyof SharedFilter]]),
  ) as SharedFilter;
  return {
    id: query.id,
    format,
    archive: query.archive ?? ALIASES[query.format]?.archive,
    part: query.part,
    anonymize: query.anonymize ?? false,
    limit: query.limit ?? Infinity,
    order: query.order,
    filter: {
      ...filter,
      source: source ?? (query.tool === undefined ? undefined : storedSource(query.tool)),
      from: latest(from, query.date_from),
      to: earliest(to, query.date_to),
      evalStatus: query.evalStatus ?? query.status,
      minTokens: query.min_tokens,
      tags: fewTags(query),
    },
    accepts: acceptorOf(query),
    options: {
      turnMode: query.turn_mode,
      contextChars: query.context_chars!,
      includeSystem: query.include_system!,
      includeTools: query.include_tools!,
      codeOnly: query.code_only!,
      includeMetadata: query.include_metadata!,
    },
  };
}

function acceptorOf({ status, eval_ready: evalReady, ...query }: ExportQuery): (session: SessionView) => boolean {
  const wanted = tagsOf(query);
  return (session) =>
    (status === undefined || session.evalStatus === status) &&
    (wanted === undefined || session.evalTags.some((tag) => wanted.includes(tag))) &&
    (evalReady === undefined || session.evalReady === evalReady);
}

function tagsOf({ tags }: Pick<ExportQuery, 'tags'>): string[] | undefined {
  return tags?.split(',').flatMap((tag) => tag.trim() || []);
}

/** Undefined if there are more values than a store query should have. */
function fewTags(query: ExportQuery): string[] | undefined {
  const tags = tagsOf(query);
  return tags && tags.length <= MOST_TAGS ? tags : undefined;
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function invalid(path: string, message: string): AppError {
  return new AppError('INVALID_REQUEST', `${path} ${message}`, { details: [{ path, message }] });
}
