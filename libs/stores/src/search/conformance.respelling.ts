import type { Owner } from '@opensync/contracts';
import { aDocument } from './conformance.rows.ts';
import type { SearchStore } from './port.ts';
import { parseQuery, type ParsedQuery } from './query.ts';
import { respell } from './respelling.ts';

/** What is found once words that nothing has are taken for those that differ in one letter; a word that they are. */
const RESPELLED: readonly [what: string, query: string, words: readonly string[], ids: readonly string[]][] = [
  ['a letter too few', 'sesion fetch', ['sesion'], ['plain', 'reversed']],
  ['a letter too many', 'fettch the session', ['fettch'], ['plain', 'reversed']],
  ['another letter', 'sassion draft', ['sassion'], ['draft']],
  ['two changed round', 'darft', ['darft'], ['draft']],
  ['also where the word is not finished', 'fetch sesison', ['sesison'], ['plain', 'reversed']],
  ['also while it is typed', 'we fetch rendre', ['rendre'], ['plain']],
  ['a part of an identifier', 'stste', ['stste'], ['hook', 'prose']],
  ['several words', 'sesion ftech', ['sesion', 'ftech'], ['plain', 'reversed']],
  ['without what is negated', 'sesion -draft', ['sesion'], ['plain', 'reversed']],
  ['in other scripts', 'стопт', ['стопт'], ['russian']],
];

/** What is meant as it is spelled. */
const NOT_RESPELLED: readonly [what: string, query: string][] = [
  ['words that are there, only not together', 'sha256sum session'],
  ['two letters', 'seshun'],
  ['another first letter', 'bession'],
  ['phrases', '"sesion"'],
  ['numbers', '12345 session'],
  ['identifiers with digits', 'sha256sun'],
  ['short words', 'gti'],
];

/** What every full-text adapter makes of misspelled words. `ann` has TEXTS in the store, `ben` nothing. */
export function respellingConformance(store: () => SearchStore, { ann, ben }: Record<'ann' | 'ben', Owner>): void {
  const find = (parsed: ParsedQuery, owner = ann) => store().search(owner, { parsed, filter: {}, limit: 20 });
  const respelled = (query: string) => respell(store(), ann, parseQuery(query));

  it.each(RESPELLED)('finds %s: %s', async (_, query, words, expected) => {
    expect(await find(parseQuery(query))).toEqual([]);
    const { parsed, words: unknown } = (await respelled(query))!;
    expect(unknown).toEqual(words);
    const hits = await find(parsed);
    expect(hits.map(({ messageId }) => messageId).sort()).toEqual(expected);
    for (const { snippet } of hits) expect(snippet).toContain('<mark>');
  });

  it.each(NOT_RESPELLED)('takes for nothing else %s: %s', async (_, query) => {
    const parsed = (await respelled(query))?.parsed ?? parseQuery(query);
    expect(await find(parsed)).toEqual([]);
  });

  it('takes nobody for somebody else’s words', async () => {
    await store().index(ben, [aDocument({ id: 'of_ben', text: 'sesion' })]);
    expect((await respelled('sesion'))?.words).toEqual(['sesion']);
    const { parsed } = (await respell(store(), ben, parseQuery('session')))!;
    const hits = await find(parsed, ben);
    expect(hits.map(({ messageId }) => messageId)).toEqual(['of_ben']);
    expect(await store().remove(ben, [hits[0]!.sessionId])).toBe(1);
  });
}
