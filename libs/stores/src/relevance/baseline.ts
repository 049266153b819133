import { indexText } from '../search/index-text.ts';
import { normalText } from '../search/normal.ts';
import { words } from '../search/tokens.ts';
import type { CorpusSession } from './corpus.ts';
import type { Ranking } from './rankings.ts';

/** Of Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with its usual figures. */
const K1 = 1.2;
const B = 0.75;

/**
 * The baseline of a plain search engine: BM25 of any word of the query, over each session as one text. It knows no
 * phrases and no negations, and returns everything that has one of the words. Full text must be at least as good.
 */
export function anyWordRanking(corpus: readonly CorpusSession[]): Ranking {
  const sessions = corpus.map((session) => ({ key: session.key, ...frequencies(textOf(session)) }));
  const meanLength = sessions.reduce((sum, { length }) => sum + length, 0) / sessions.length;
  const rows = new Map<string, number>();
  for (const { counts } of sessions) for (const token of counts.keys()) rows.set(token, (rows.get(token) ?? 0) + 1);
  const idf = (token: string) => {
    const having = rows.get(token) ?? 0;
    return Math.log(1 + (sessions.length - having + 0.5) / (having + 0.5));
  };
  return async (query, limit) => {
    const tokens = new Set(
      words(normalText(query)).flatMap(({ text, parts }) => [text, ...parts.map((part) => part.text)]),
    );
    return sessions
      .map(({ key, counts, length }) => {
        const norm = K1 * (1 - B + (B * length) / meanLength);
        const score = [...tokens].reduce((sum, token) => {
          const count = counts.get(token) ?? 0;
          return count === 0 ? sum : sum + (idf(token) * count * (K1 + 1)) / (count + norm);
        }, 0);
        return { key, score };
      })
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, limit)
      .map(({ key }) => key);
  };
}

function textOf({ title, projectName, projectPath, messages }: CorpusSession): string {
  const tools = messages.flatMap((message) => message.tools ?? []);
  const said = [
    ...messages.map(({ text }) => text),
    ...tools.flatMap(({ name, input, output = '' }) => [name, input, output]),
  ];
  return [title, projectName, projectPath, ...said].join('\n');
}

function frequencies(text: string): { counts: ReadonlyMap<string, number>; length: number } {
  const indexed = indexText(text);
  const tokens = `${indexed.words} ${indexed.parts}`.split(' ').filter((token) => token !== '' && token !== '‖');
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return { counts, length: tokens.length };
}
