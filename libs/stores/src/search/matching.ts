import type { FacetScope, FoundSession, Scope, SearchEngine } from './engine.ts';
import type { FacetQuery, SearchLevel, SearchQuery } from './port.ts';
import { MOST_TOKENS, withinTokens, type ParsedQuery, type QueryTerm } from './query.ts';
import { MOST_UNITS, unitsOf } from './units.ts';

/**
 * Which sessions match a query, and in which order, for every engine. Rows are messages, so a session's words are
 * spread over many rows: they are combined here, from the engine's answers about each word. An index of whole
 * sessions would have to be rewritten with each message (docs/adr/0017).
 */

/**
 * With this many sessions that have all words in one message, sessions that have them in different messages are not
 * searched.
 */
const ENOUGH = 100;
/** The weight of words in one message relative to the best rows of each word. */
const TOGETHER = 1;
/** A word in more rows than this finds no sessions itself, but ranks those that rarer words found. */
const MOST_ROWS = 100_000;
/** A session that shares one word with a query is about something else. */
const FEWEST_UNITS = 2;
/** Words named as missing at most. */
const MOST_MISSING = 20;

/** What an engine has to know about a query besides its terms. */
export function scopeOf({ parsed, filter, level, sessionIds, until }: Omit<SearchQuery, 'limit'>): Scope {
  return { filter, level, sessionIds, until, ...(level === 'message' && { without: parsed.none }) };
}

/** Sessions that have every term, those with all of them in one row higher; none has a negated one. Best first. */
export async function withAll<Session, Row>(
  engine: SearchEngine<Session, Row>,
  { all: wanted, none }: Pick<ParsedQuery, 'all' | 'none'>,
  limit: number,
  level: SearchLevel = 'session',
): Promise<FoundSession<Session, Row>[]> {
  const all = withinTokens(wanted, MOST_TOKENS);
  // By message, the engine leaves out what is negated, see Scope.
  const together = await engine.withAllInOneRow(all, level === 'message' ? [] : none, mostTogether(limit, level));
  if (suffices(together.length, all, limit, level)) return together.slice(0, limit);
  const sessions = await withoutNegated(engine, await engine.havingAll(all), none);
  // One more may have been written meanwhile.
  if (sessions.size <= together.length) return together.slice(0, limit);
  const scores = await engine.scores(all, sessions);
  return ranked(engine, all, sumOf(scores, sessions), limit);
}

/** How many sessions that have all words in one message {@link withAll} asks for. */
export function mostTogether(limit: number, level: SearchLevel = 'session'): number {
  return level === 'message' ? limit : Math.max(limit, ENOUGH);
}

/** Whether {@link withAll} needs no sessions that have the words in different messages. */
export function suffices(
  together: number,
  all: readonly QueryTerm[],
  limit: number,
  level: SearchLevel = 'session',
): boolean {
  return level === 'message' || all.length <= 1 || together >= mostTogether(limit, level);
}

export interface PartialMatch<Session, Row> extends FoundSession<Session, Row> {
  /** The words of the query that the session lacks, as they were typed. */
  readonly missing: readonly string[];
}

export interface PartialMatches<Session, Row> {
  readonly matches: readonly PartialMatch<Session, Row>[];
  /** What was looked for. */
  readonly terms: readonly QueryTerm[];
}

/**
 * Sessions that have at least two words of a query of three or more, the rare ones first; all of its phrases, and no
 * negated one. Best first.
 */
export async function withSome<Session, Row>(
  engine: SearchEngine<Session, Row>,
  parsed: ParsedQuery,
  limit: number,
  level: SearchLevel = 'session',
): Promise<PartialMatches<Session, Row>> {
  const some = await someOf(engine, parsed, level);
  if (!some) return { matches: [], terms: [] };
  const { units, known, unknown, scores, counts, sessions } = some;

  const total = known.length + unknown.length;
  const sums = [...sumOf(scores, sessions)].map(([session, sum]): [Session, number] => [
    session,
    sum * (1 + counts.get(session)! / total),
  ]);
  const terms = known.map(({ term }) => term);
  const found = await ranked(engine, terms, new Map(sums), limit);
  const lacking = (session: Session) => {
    const absent = terms.filter((_, at) => !scores[at]!.has(session));
    const texts = new Set([...absent, ...unknown].map(({ text }) => text));
    return [...new Set(units.map(({ text }) => text))].filter((text) => texts.has(text)).slice(0, MOST_MISSING);
  };
  const matches = found.map((match) => ({ ...match, missing: lacking(match.session) }));
  return { matches: await withTornCompounds(engine, parsed, matches), terms };
}

/** All that matches as {@link withAll} does, or with `partly` as {@link withSome}, whatever its rank. */
export async function matching<Session, Row>(
  engine: SearchEngine<Session, Row>,
  { parsed, partly, level = 'session' }: Pick<FacetQuery, 'parsed' | 'partly' | 'level'>,
): Promise<FacetScope<Session>> {
  if (partly) return { within: (await someOf(engine, parsed, level))?.sessions ?? new Set() };
  const all = withinTokens(parsed.all, MOST_TOKENS);
  if (all.length === 0) return { within: new Set() };
  if (level === 'message') return { all };
  return { within: await withoutNegated(engine, await engine.havingAll(all), parsed.none) };
}

/** The sessions of {@link withSome}, and what is known of their words. */
async function someOf<Session, Row>(engine: SearchEngine<Session, Row>, parsed: ParsedQuery, level: SearchLevel) {
  const none = level === 'message' ? [] : parsed.none;
  const units = unitsOf(parsed);
  if (units.length === 0) return undefined;
  const { known, unknown } = await byRarity(engine, units);
  if (known.length < FEWEST_UNITS) return undefined;
  const phrases = parsed.all.filter(({ quoted }) => quoted);
  const base = phrases.length > 0 ? await engine.havingAll(phrases) : undefined;
  if (base?.size === 0) return undefined;

  const scores = await scoresOf(engine, known, base);
  const counts = new Map<Session, number>();
  for (const found of scores) for (const session of found.keys()) counts.set(session, (counts.get(session) ?? 0) + 1);
  const several = [...counts].filter(([session, count]) => count >= FEWEST_UNITS && (base?.has(session) ?? true));
  const sessions = await withoutNegated(engine, new Set(several.map(([session]) => session)), none);
  return { units, known, unknown, scores, counts, sessions };
}

interface Known {
  readonly term: QueryTerm;
  readonly count: number;
}

/** The rarest words that exist in the owner's rows, and the words that do not. */
async function byRarity<Session, Row>(
  engine: SearchEngine<Session, Row>,
  units: readonly QueryTerm[],
): Promise<{ known: Known[]; unknown: QueryTerm[] }> {
  const whole = units.map((term) => ({ ...term, prefix: false }));
  const counts = await engine.counts(whole);
  const known: Known[] = [];
  const open: QueryTerm[] = [];
  for (const [at, term] of whole.entries()) {
    if (counts[at]! > 0) known.push({ term, count: counts[at]! });
    else open.push(units[at]!);
  }
  // A missing word may be one that is still being typed.
  const begun = open.filter(({ prefix }) => prefix);
  const begunCounts = begun.length > 0 ? await engine.counts(begun) : [];
  for (const [at, term] of begun.entries()) if (begunCounts[at]! > 0) known.push({ term, count: begunCounts[at]! });
  const rarest = known.toSorted((a, b) => a.count - b.count).slice(0, MOST_UNITS);
  const affordable = new Set(
    withinTokens(
      rarest.map(({ term }) => term),
      MOST_TOKENS,
    ),
  );
  const found = new Set(known.map(({ term }) => term.text));
  return {
    known: rarest.filter(({ term }) => affordable.has(term)),
    unknown: open.filter(({ text }) => !found.has(text)),
  };
}

/** Common words are looked for among the sessions that the rarer ones found. */
async function scoresOf<Session, Row>(
  engine: SearchEngine<Session, Row>,
  known: readonly Known[],
  base: ReadonlySet<Session> | undefined,
): Promise<readonly ReadonlyMap<Session, number>[]> {
  let rows = 0;
  const rare = known.filter(({ count }, at) => (rows += count) <= MOST_ROWS || at < FEWEST_UNITS);
  const scores = await engine.scores(
    rare.map(({ term }) => term),
    base,
  );
  const common = known.slice(rare.length).map(({ term }) => term);
  if (common.length === 0) return scores;
  const sessions = new Set(scores.flatMap((found) => [...found.keys()]));
  return [...scores, ...(await engine.scores(common, sessions))];
}

/** `havingAll` of an engine, term by term. Rarer ones first, so that common ones are searched among few. */
export async function havingEach<Session, Row>(
  engine: Pick<SearchEngine<Session, Row>, 'counts' | 'having'>,
  terms: readonly QueryTerm[],
): Promise<ReadonlySet<Session>> {
  const counts = await engine.counts(terms);
  const order = [...terms.keys()].sort((a, b) => counts[a]! - counts[b]!);
  if (counts[order[0]!] === 0) return new Set();
  const [rarest, ...others] = order.map((at) => terms[at]!);
  const [first] = await engine.having([rarest!]);
  if (first!.size === 0 || others.length === 0) return first!;
  const sets = await engine.having(others, first);
  return new Set([...first!].filter((session) => sets.every((set) => set.has(session))));
}

async function withoutNegated<Session, Row>(
  engine: SearchEngine<Session, Row>,
  sessions: ReadonlySet<Session>,
  none: readonly QueryTerm[],
): Promise<ReadonlySet<Session>> {
  if (none.length === 0 || sessions.size === 0) return sessions;
  const negated = await engine.having(none, sessions);
  return new Set([...sessions].filter((session) => !negated.some((set) => set.has(session))));
}

function sumOf<Session>(
  scores: readonly ReadonlyMap<Session, number>[],
  sessions: ReadonlySet<Session>,
): Map<Session, number> {
  return new Map(
    [...sessions].map((session) => [session, scores.reduce((sum, of) => sum + (of.get(session) ?? 0), 0)]),
  );
}

/** By the best rows of each word, and then by how much of it is in one row. */
async function ranked<Session, Row>(
  engine: SearchEngine<Session, Row>,
  terms: readonly QueryTerm[],
  sums: ReadonlyMap<Session, number>,
  limit: number,
): Promise<FoundSession<Session, Row>[]> {
  const best = [...sums].sort((a, b) => b[1] - a[1]).slice(0, Math.max(2 * limit, ENOUGH));
  if (best.length === 0) return [];
  const rows = await engine.bestRows(terms, new Set(best.map(([session]) => session)));
  return rows
    .map((found) => ({ ...found, score: sums.get(found.session)! + TOGETHER * found.score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, limit);
}

/** A session that has all words of a query, but not together those that were typed as one (`src/auth.ts`), lacks these. */
async function withTornCompounds<Session, Row>(
  engine: SearchEngine<Session, Row>,
  { all, long }: ParsedQuery,
  matches: readonly PartialMatch<Session, Row>[],
): Promise<PartialMatch<Session, Row>[]> {
  const compounds = all.filter(({ pieces }) => pieces !== undefined);
  const complete = matches.filter(({ missing }) => missing.length === 0);
  if (long || compounds.length === 0 || complete.length === 0) return [...matches];
  const having = await engine.having(compounds, new Set(complete.map(({ session }) => session)));
  return matches.map((match) => {
    if (match.missing.length > 0) return match;
    return { ...match, missing: compounds.filter((_, at) => !having[at]!.has(match.session)).map(({ text }) => text) };
  });
}
