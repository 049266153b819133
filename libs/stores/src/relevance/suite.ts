import { anyWordRanking } from './baseline.ts';
import {
  loadCorpus,
  loadQueries,
  QUERY_KINDS,
  type QueryKind,
  type RelevanceQuery,
  type SearchType,
} from './corpus.ts';
import { ndcg, recall, scoreByKind, tableOfKinds, type Measured } from './evaluate.ts';
import type { Ranking } from './rankings.ts';

const SHOWN = 10;
/** More than there are sessions: what must match may rank anywhere. */
const ALL = 1_000;

/** The least nDCG@10, as a mean over the queries of a kind. A little under what was measured. */
export type Floors = Readonly<Partial<Record<QueryKind, number>>>;

/**
 * Full text shows only sessions with all words, if there are any: those that are merely about the same subject are
 * left out on purpose (see `mustNotMatch`), so they do not count in the comparison.
 */
const isAnswer = (grade: number) => grade === 3;
/** What a kind loses if the first two answers of one of its queries change places. */
const TWO_CHANGED_ROUND = 0.37;

interface Answer extends Measured {
  readonly query: string;
  readonly ranked: readonly string[];
}

/**
 * Compares a search with the judged queries of its type: no kind of query may fall below its floor, and every kind
 * has one. Full text must also match exactly the required sessions. `open` returns a ranking over the corpus (see
 * rankings.ts, or one that asks a running server). OPENSYNC_RELEVANCE=1 prints the figures.
 */
export function relevanceSuite(
  name: string,
  type: SearchType,
  open: () => Promise<{ rank: Ranking; close: () => Promise<void> }>,
  floors: Floors,
): void {
  const queries = loadQueries().filter(({ types }) => types.includes(type));
  const kinds = QUERY_KINDS.filter((kind) => queries.some((query) => query.kind === kind));

  describe(`relevance of ${name}`, () => {
    let rank: Ranking;
    let close: () => Promise<void>;
    let answers: readonly Answer[];

    beforeAll(async () => {
      ({ rank, close } = await open());
      answers = await answerAll(queries, rank);
      if (process.env.OPENSYNC_RELEVANCE) process.stdout.write(`\n${name}\n${table(answers)}\n`);
    }, 600_000);
    afterAll(() => close());

    it.each(kinds)('answers a query of kind %s as well as it did', (kind) => {
      const ofKind = answers.filter((answer) => answer.kind === kind);
      const measured = scoreByKind(ofKind).get(kind)!.ndcg;
      const floor = floors[kind];
      if (floor === undefined) throw new Error(`${kind} has no floor; it was measured as ${measured.toFixed(3)}`);
      if (measured < floor) throw new Error(`nDCG@10 ${measured.toFixed(3)} < ${floor}\n${worst(ofKind)}`);
    });

    if (type !== 'fulltext') return;

    it.each(kinds)('answers a query of kind %s at least as well as any word of whole sessions', async (kind) => {
      const anyWord = anyWordRanking(loadCorpus());
      const ofKind = queries.filter((query) => query.kind === kind);
      const figures = await Promise.all(
        [rank, anyWord].map(async (ranking) => scoreByKind(await answerAll(ofKind, ranking, isAnswer)).get(kind)!.ndcg),
      );
      expect(figures[0]! + TWO_CHANGED_ROUND / ofKind.length).toBeGreaterThanOrEqual(figures[1]!);
    });

    it.each(kinds)('matches exactly what a query of kind %s asks for', async (kind) => {
      const wrong: string[] = [];
      for (const { id, query, mustMatch = [], mustNotMatch = [] } of queries.filter((one) => one.kind === kind)) {
        const found = new Set(await rank(query, ALL));
        wrong.push(
          ...mustMatch.filter((key) => !found.has(key)).map((key) => `${id}: ${query} does not find ${key}`),
          ...mustNotMatch.filter((key) => found.has(key)).map((key) => `${id}: ${query} finds ${key}`),
        );
      }
      expect(wrong).toEqual([]);
    });
  });
}

async function answerAll(
  queries: readonly RelevanceQuery[],
  rank: Ranking,
  counts: (grade: number) => boolean = () => true,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { id, kind, query, judgments: all } of queries) {
    const judgments = Object.fromEntries(Object.entries(all).filter(([, grade]) => counts(grade)));
    const ranked = await rank(query, SHOWN);
    const figures = { ndcg: ndcg(ranked, judgments, SHOWN), recall: recall(ranked, judgments, SHOWN) };
    answers.push({ id, kind, query, ranked, ...figures });
  }
  return answers;
}

function table(answers: readonly Answer[]): string {
  return [tableOfKinds(answers), worst(answers)].join('\n');
}

function worst(answers: readonly Answer[]): string {
  return answers
    .filter((answer) => answer.ndcg < 0.9)
    .sort((a, b) => a.ndcg - b.ndcg)
    .map(({ id, query, ndcg: figure, ranked }) => `${figure.toFixed(2)} ${id} (${query}): ${ranked.join(' ')}`)
    .join('\n');
}
