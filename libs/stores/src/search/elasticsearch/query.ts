import type { estypes } from '@elastic/elasticsearch';
import { ownerKey, type Owner, type Reader } from '@opensync/contracts';
import { conditionsOf, type FilterCondition } from '../../filters.ts';
import { COLUMNS, OWN_COLUMNS, PARTS_COLUMNS, WEIGHTS, type Column } from '../columns.ts';
import { GAP } from '../index-text.ts';
import { nearPattern } from '../near.ts';
import { STEMMED_COLUMNS, stemsField, wordsField } from './mapping.ts';
import type { Scope } from '../engine.ts';
import type { QueryTerm } from '../query.ts';

type Query = estypes.QueryDslQueryContainer;

/** Maximum number of words that a phrase's last prefix, if longer than the indexed ones, expands to. */
const MOST_EXPANSIONS = 10_000;
/**
 * Maximum number of words that count for ranking: a longer query is pasted text, and each word costs a lookup in all
 * columns.
 */
const MOST_RANKED_WORDS = 64;
/** Maximum number of words that a prefix expands to for ranking. */
const RANKED_EXPANSIONS = 64;
/** Within what a server takes in one clause, and in one answer: 65,536 terms and as many buckets, unless it is told otherwise. */
export const SESSIONS_PER_CLAUSE = 50_000;
/** Weight of stems relative to the words themselves: they only break ties. */
const STEMS_BOOST = 0.25;

/** Weight of another form of a word relative to the word itself. */
const FORMS_BOOST = 0.5;

const NEWEST = { createdAt: { order: 'desc' } } as const;

/** Which rows are looked at, beside what they must say. */
export interface RowScope extends Scope {
  readonly reader: Reader;
  /** Of sessions; by message, of rows. */
  readonly within?: readonly string[] | undefined;
  /** Sessions that are left out, of both levels. */
  readonly excluded?: readonly string[] | undefined;
}

/**
 * Matching rows, one per session, best first. Filters alone decide what matches, exactly as in FTS5; the order is
 * bm25 over all columns together (BM25F, like FTS5's), then newest first. By message, each row is found by itself.
 */
export function searchBody(
  scope: RowScope,
  { match, terms, limit }: { match: 'all' | 'any'; terms: readonly QueryTerm[]; limit: number },
  { stemming }: { stemming: boolean },
): estypes.SearchRequest {
  const isByMessage = scope.level === 'message';
  const matching = terms.map((term) => matches(term));
  const { filter, must_not } = foundClauses(scope, isByMessage ? terms : []);
  return {
    query: {
      bool: {
        filter: [...filter, ...(match === 'all' ? matching : [anyOf(matching)])],
        must_not,
        should: ranking(terms, stemming),
      },
    },
    ...(!isByMessage && { collapse: { field: 'sessionId' } }),
    sort: [{ _score: { order: 'desc' } }, NEWEST],
    size: limit,
    _source: false,
    track_total_hits: false,
  };
}

/** Rows that can be found. By message, those of messages, and by one of these terms in their own words. */
export function foundClauses(scope: RowScope, own: readonly QueryTerm[]): { filter: Query[]; must_not: Query[] } {
  return {
    filter: [...scopeClauses(scope), ...(own.length > 0 ? [anyOf(own.map((term) => matches(term, OWN_COLUMNS)))] : [])],
    must_not: [...ofSessions(scope.excluded ?? []), ...(scope.level === 'message' ? [WITHOUT_OWN_WORDS] : [])],
  };
}

export function scopeClauses({ reader, filter, sessionIds, within, level }: RowScope): Query[] {
  const found = level === 'message' && within ? [{ terms: { _id: [...within] } }] : [];
  const sessions = [sessionIds, level === 'message' ? undefined : within].filter((ids) => ids !== undefined);
  return [
    visibleTo(reader),
    ...conditionsOf(filter).map((condition) => clauseOf(condition, reader)),
    ...sessions.map((ids) => anyOf(ofSessions(ids))),
    ...found,
  ];
}

/** Rows of headings. An empty column has the gap alone, and only an empty one begins with it (see rows.ts). */
const WITHOUT_OWN_WORDS: Query = {
  bool: {
    filter: [
      { term: { [wordsField('text')]: GAP } },
      { span_first: { match: { span_term: { [wordsField('tool')]: GAP } }, end: 1 } },
    ],
  },
};

export function ownedBy(owner: Owner): Query {
  return { term: { owner: ownerKey(owner) } };
}

export function visibleTo(reader: Reader): Query {
  if (reader.sessions !== 'visible') return ownedBy(reader);
  const isShared = [{ term: { workspace: reader.workspaceId } }, { term: { visibility: 'workspace' } }];
  return anyOf([ownedBy(reader), { bool: { filter: isShared } }]);
}

export function ofSessions(ids: readonly string[]): Query[] {
  const clauses: Query[] = [];
  for (let at = 0; at < ids.length; at += SESSIONS_PER_CLAUSE) {
    clauses.push({ terms: { sessionId: ids.slice(at, at + SESSIONS_PER_CLAUSE) } });
  }
  return clauses;
}

export function clauseOf(condition: FilterCondition, reader: Pick<Reader, 'workspaceId'>): Query {
  const { workspaceId } = reader;
  if ('range' in condition) return { range: { [condition.field]: condition.range } };
  if ('not' in condition) return { bool: { must_not: [clauseOf(condition.not, reader)] } };
  const { fields, values } = condition;
  const either = fields.map((field): Query => {
    if (field === 'userId') return { terms: { owner: values.map((userId) => ownerKey({ workspaceId, userId })) } };
    return values.length === 1 ? { term: { [field]: values[0]! } } : { terms: { [field]: [...values] } };
  });
  return either.length === 1 ? either[0]! : anyOf(either);
}

/** The rows that have a term in one of these columns. */
export function matches({ words, parts, prefix, near, forms = [] }: QueryTerm, columns = COLUMNS): Query {
  if (near) return anyOf(columns.map((column) => ({ regexp: { [wordsField(column)]: nearIn(words, prefix) } })));
  return anyOf([
    ...columns.map((column) => inColumn(column, words, prefix)),
    ...(parts ? PARTS_COLUMNS.map((column) => inColumn(column, parts, prefix)) : []),
    ...(forms.length > 0 ? columns.map((column) => ({ terms: { [wordsField(column)]: [...forms] } })) : []),
  ]);
}

/** Within one word, and without the operators that are Lucene's alone. */
function nearIn([word]: readonly string[], prefix: boolean): estypes.QueryDslRegexpQuery {
  return { value: nearPattern(word!, prefix), flags: 'NONE' };
}

/** The tokens next to each other, in this order, within one column. */
function inColumn(column: Column, tokens: readonly string[], prefix: boolean): Query {
  const field = wordsField(column);
  const query = tokens.join(' ');
  if (!prefix) return { match_phrase: { [field]: query } };
  // Prefixes of single words are not limited in what they expand to.
  if (tokens.length === 1) return { prefix: { [field]: query } };
  return { match_phrase_prefix: { [field]: { query, max_expansions: MOST_EXPANSIONS } } };
}

function ranking(all: readonly QueryTerm[], stemming: boolean): Query[] {
  const last = all.find(({ prefix }) => prefix);
  const tokens = [...new Set(all.flatMap(({ words, parts = [] }) => [...words, ...parts]))];
  const query = tokens.slice(0, MOST_RANKED_WORDS).join(' ');
  const forms = all.flatMap((term) => term.forms ?? []);
  const columns = [inAllColumns(query), ...(forms.length > 0 ? [inAllColumns(forms.join(' '), FORMS_BOOST)] : [])];
  return [
    // One word in two forms is one word.
    ...(all.length === 1 ? [{ dis_max: { queries: columns } }] : columns),
    ...(last && !last.near ? prefixRanking(last) : []),
    ...all.filter(({ near }) => near).map(nearRanking),
    ...(stemming ? [{ multi_match: { query, fields: STEMMED_COLUMNS.map(stemsField), boost: STEMS_BOOST } }] : []),
  ];
}

function inAllColumns(query: string, boost = 1): Query {
  return {
    combined_fields: { query, fields: COLUMNS.map((column) => `${wordsField(column)}^${WEIGHTS[column]}`), boost },
  };
}

/** Words that only begin with the typed text count less than the word itself, which BM25F has already counted. */
function prefixRanking({ words, parts }: QueryTerm): Query[] {
  const columns = (tokens: readonly string[], of: readonly Column[]): Query[] =>
    of.map((column) => {
      const boost = WEIGHTS[column] / WEIGHTS.title;
      const field = wordsField(column);
      if (tokens.length > 1) return { match_phrase_prefix: { [field]: { query: tokens.join(' '), boost } } };
      const rewrite = `top_terms_blended_freqs_${RANKED_EXPANSIONS}`;
      return { prefix: { [field]: { value: tokens[0]!, rewrite, boost } } };
    });
  return [{ dis_max: { queries: [...columns(words, COLUMNS), ...(parts ? columns(parts, PARTS_COLUMNS) : [])] } }];
}

function nearRanking({ words, prefix }: QueryTerm): Query {
  const rewrite = `top_terms_blended_freqs_${RANKED_EXPANSIONS}`;
  const queries = COLUMNS.map((column): Query => {
    const boost = WEIGHTS[column] / WEIGHTS.title;
    return { regexp: { [wordsField(column)]: { ...nearIn(words, prefix), rewrite, boost } } };
  });
  return { dis_max: { queries } };
}

export function anyOf(should: Query[]): Query {
  return { bool: { should, minimum_should_match: 1 } };
}
