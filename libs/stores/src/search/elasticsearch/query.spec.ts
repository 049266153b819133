import fc from 'fast-check';
import { searchBody } from './query.ts';
import { parseQuery } from '../query.ts';

const OWNER = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const PLAIN = { stemming: false };

const bodyOf = (text: string, scope = {}, features = PLAIN) =>
  searchBody(
    { reader: OWNER, filter: {}, ...scope },
    { match: 'all', terms: parseQuery(text).all.slice(0, 64), limit: 20 },
    features,
  );
const clausesOf = (text: string, filter = {}) => bodyOf(text, { filter }).query!.bool!.filter as unknown[];
const inText = (text: string) =>
  JSON.stringify(clausesOf(text)[1]).match(
    /\{"(?:match_phrase|prefix|match_phrase_prefix)":\{"words\.text".*?\}\}/,
  )?.[0];

describe('the query for Elasticsearch', () => {
  it.each([
    ['"login"', { match_phrase: { 'words.text': 'login' } }],
    ['login', { prefix: { 'words.text': 'login' } }],
    ['"time out"', { match_phrase: { 'words.text': 'time out' } }],
    ['src/au', { match_phrase_prefix: { 'words.text': { query: 'src au', max_expansions: 10_000 } } }],
  ])('looks for %s as a whole within one column', (text, expected) => {
    expect(inText(text)).toContain(JSON.stringify(expected).slice(0, -2));
  });

  it('searches parts only in the column of parts', () => {
    const text = JSON.stringify(clausesOf('"useState"')[1]);
    expect([...text.matchAll(/"(words\.\w+)":"use state"/g)].map(([, field]) => field)).toEqual([
      'words.parts',
      'words.tool',
    ]);
  });

  it('requires every word, and excludes sessions, however many those are', () => {
    const excluded = Array.from({ length: 120_000 }, (_, n) => `ses_${n}`);
    const { bool } = bodyOf('alpha beta -gamma', { excluded }).query!;
    expect(bool!.filter).toHaveLength(3);
    const clauses = bool!.must_not as { terms: { sessionId: string[] } }[];
    expect(clauses.flatMap(({ terms }) => terms.sessionId)).toEqual(excluded);
    expect(Math.max(...clauses.map(({ terms }) => terms.sessionId.length))).toBeLessThan(65_536);
  });

  it('applies only the filters that are set', () => {
    expect(clausesOf('x')).toHaveLength(2);
    expect(clausesOf('x', { source: 'codex', from: 5 }).slice(1, 3)).toEqual([
      { term: { source: 'codex' } },
      { range: { createdAt: { gte: 5, lt: undefined } } },
    ]);
  });

  it('lets stems affect the order, never the matches', () => {
    const [plain, stemmed] = [bodyOf('running tests'), bodyOf('running tests', {}, { stemming: true })];
    expect(stemmed.query!.bool!.filter).toEqual(plain.query!.bool!.filter);
    expect(stemmed.query!.bool!.should).toEqual([
      ...(plain.query!.bool!.should as unknown[]),
      {
        multi_match: { query: 'running tests', fields: ['words.title.stems', 'words.text.stems'], boost: 0.25 },
      },
    ]);
  });

  it('stays with its owner and below the clause limit of a small server, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 5_000 }), (text) => {
        const body = bodyOf(text);
        expect((body.query!.bool!.filter as unknown[])[0]).toEqual({ term: { owner: 'wsp_one.usr_ann' } });
        const clauses = JSON.stringify(body).match(/"words\.\w+"/g) ?? [];
        expect(clauses.length).toBeLessThan(1_024);
      }),
    );
  });
});
