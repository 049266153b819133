import { loadCorpus, loadQueries, QUERY_KINDS } from './corpus.ts';

const corpus = loadCorpus();
const queries = loadQueries();
const keys = new Set(corpus.map(({ key }) => key));

describe('the corpus', () => {
  it('has some hundred sessions, each with a unique key', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(300);
    expect(keys.size).toBe(corpus.length);
  });

  it('contains no two equal messages', () => {
    const texts = corpus.flatMap(({ messages }) => messages.map(({ text }) => text)).filter((text) => text.length > 40);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('has no message without text and tool calls', () => {
    const silent = corpus.filter(({ messages }) => messages.some(({ text, tools = [] }) => !text && !tools.length));
    expect(silent.map(({ key }) => key)).toEqual([]);
  });
});

describe('the queries', () => {
  it('are of every kind, each under an id of its own', () => {
    expect(new Set(queries.map(({ id }) => id)).size).toBe(queries.length);
    expect(new Set(queries.map(({ kind }) => kind))).toEqual(new Set(QUERY_KINDS));
  });

  it('name sessions of the corpus, and at least one that answers them', () => {
    const unknown = queries.flatMap(({ id, judgments, mustMatch = [], mustNotMatch = [] }) =>
      [...Object.keys(judgments), ...mustMatch, ...mustNotMatch]
        .filter((key) => !keys.has(key))
        .map((key) => [id, key]),
    );
    expect(unknown).toEqual([]);
    const unanswered = queries.filter(({ judgments }) => !Object.values(judgments).includes(3));
    expect(unanswered.map(({ id }) => id)).toEqual([]);
  });

  it('do not require what they forbid', () => {
    const contradictory = queries.filter(({ mustMatch = [], mustNotMatch = [] }) =>
      mustMatch.some((key) => mustNotMatch.includes(key)),
    );
    expect(contradictory.map(({ id }) => id)).toEqual([]);
  });
});
