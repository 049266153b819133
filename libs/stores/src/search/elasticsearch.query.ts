import type { estypes } from '@elastic/elasticsearch';
import { ownerKey, type Owner } from '@opensync/contracts';
import type { SessionFilter } from '../documents/port.ts';
import { COLUMNS, PARTS_COLUMNS, WEIGHTS, type Column } from './columns.ts';
import { nearPattern } from './near.ts';
import { STEMMED_COLUMNS, stemsField, wordsField } from './elasticsearch.mapping.ts';
import type { SearchQuery } from './port.ts';
import type { ParsedQuery, QueryTerm } from './query.ts';

type Query = estypes.QueryDslQueryContainer;

/** Words that a phrase's last prefix, longer than the indexed ones, is taken for at most. */
const MOST_EXPANSIONS = 10_000;
/** Words that count for the order at most: beyond, a query is a pasted text, and each costs a look into all columns. */
const MOST_RANKED_WORDS = 64;
/** Words that a prefix is taken for when it is ranked. */
const RANKED_EXPANSIONS = 64;
/** Within what a server takes in one clause, and in one answer: 65,536 terms and as many buckets, unless it is told otherwise. */
export const SESSIONS_PER_CLAUSE = 50_000;
/** Of the stems against the words themselves: they only decide between what is else alike. */
const STEMS_BOOST = 0.25;

const NEWEST = { createdAt: { order: 'desc' } } as const;

/**
 * Rows of an owner that match, one of each session, best first. What matches is said by filters alone, exactly as
 * FTS5 does; the order is bm25 over all columns together (BM25F, as FTS5's), then the newest first. `excluded` are the
 * sessions that have what the query negates: see sessionsWith.
 */
export function searchBody(
  owner: Owner,
  { parsed, filter, limit, unranked, sessionIds }: SearchQuery,
  { stemming, excluded = [] }: { stemming: boolean; excluded?: readonly string[] },
): estypes.SearchRequest {
  return {
    query: {
      bool: {
        filter: [
          ...ownedBy(owner),
          ...filterClauses(filter),
          ...parsed.all.map(matches),
          ...(sessionIds ? [anyOf(ofSessions(sessionIds))] : []),
        ],
        must_not: ofSessions(excluded),
        ...(!unranked && { should: ranking(parsed, stemming) }),
      },
    },
    collapse: { field: 'sessionId' },
    ...(unranked ? { sort: ['_doc'], terminate_after: limit } : { sort: [{ _score: { order: 'desc' } }, NEWEST] }),
    size: limit,
    track_total_hits: false,
  };
}

export function ownedBy(owner: Owner): Query[] {
  return [{ term: { owner: ownerKey(owner) } }];
}

export function ofSessions(ids: readonly string[]): Query[] {
  const clauses: Query[] = [];
  for (let at = 0; at < ids.length; at += SESSIONS_PER_CLAUSE) {
    clauses.push({ terms: { sessionId: ids.slice(at, at + SESSIONS_PER_CLAUSE) } });
  }
  return clauses;
}

function filterClauses({ source, model, project, from, to }: SessionFilter): Query[] {
  const clauses: Query[] = [];
  if (source !== undefined) clauses.push({ term: { source } });
  if (model !== undefined) clauses.push({ term: { model } });
  if (project !== undefined) {
    clauses.push(anyOf([{ term: { projectName: project } }, { term: { projectPath: project } }]));
  }
  if (from !== undefined || to !== undefined) clauses.push({ range: { createdAt: { gte: from, lt: to } } });
  return clauses;
}

export function matches({ words, parts, prefix, near }: QueryTerm): Query {
  if (near) return anyOf(COLUMNS.map((column) => ({ regexp: { [wordsField(column)]: nearIn(words, prefix) } })));
  const whole = COLUMNS.map((column) => inColumn(column, words, prefix));
  return anyOf(parts ? [...whole, ...PARTS_COLUMNS.map((column) => inColumn(column, parts, prefix))] : whole);
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

function ranking({ all }: ParsedQuery, stemming: boolean): Query[] {
  const last = all.find(({ prefix }) => prefix);
  const tokens = [...new Set(all.flatMap(({ words, parts = [] }) => [...words, ...parts]))];
  const query = tokens.slice(0, MOST_RANKED_WORDS).join(' ');
  return [
    { combined_fields: { query, fields: COLUMNS.map((column) => `${wordsField(column)}^${WEIGHTS[column]}`) } },
    ...(last && !last.near ? prefixRanking(last) : []),
    ...all.filter(({ near }) => near).map(nearRanking),
    ...(stemming ? [{ multi_match: { query, fields: STEMMED_COLUMNS.map(stemsField), boost: STEMS_BOOST } }] : []),
  ];
}

/** Words that only begin with what was typed count less than the word itself, which BM25F has counted already. */
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
