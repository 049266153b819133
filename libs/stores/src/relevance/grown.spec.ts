import { loadCorpus, loadQueries } from './corpus.ts';
import { growCorpus } from './grown.ts';

const { sessions, queries } = growCorpus();

describe('the larger corpus', () => {
  it('has at least a thousand sessions and 400 queries, with the smaller one', () => {
    const keys = [...loadCorpus(), ...sessions].map(({ key }) => key);
    expect(keys.length).toBeGreaterThanOrEqual(1_000);
    expect(new Set(keys).size).toBe(keys.length);
    expect(loadQueries().length + queries.length).toBeGreaterThanOrEqual(400);
  });

  it('fills in every place', () => {
    const texts = sessions.flatMap(({ title, messages }) => [title, ...messages.map(({ text }) => text)]);
    expect(texts.filter((text) => text === '' || /\{(project|tech)\}/.test(text))).toEqual([]);
  });

  it('has held out half of its queries, of most kinds', () => {
    const held = queries.filter(({ isHeldOut }) => isHeldOut);
    expect(held.length).toBe(queries.length / 2);
    const kinds = (some: typeof queries) => new Set(some.map(({ kind }) => kind));
    expect(kinds(held).size).toBeGreaterThanOrEqual(8);
    expect(new Set(queries.map(({ query }) => query)).size).toBe(queries.length);
  });

  it('answers each query by the sessions of one cause', () => {
    const keys = new Set(sessions.map(({ key }) => key));
    for (const { judgments } of queries) {
      expect(Object.values(judgments).filter((grade) => grade === 3)).toHaveLength(8);
      expect(Object.values(judgments).filter((grade) => grade === 1)).toHaveLength(32);
      expect(Object.keys(judgments).filter((key) => !keys.has(key))).toEqual([]);
    }
  });
});
