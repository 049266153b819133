import type { Owner } from '@opensync/contracts';
import { aDocument, snippetOf } from './rows.ts';
import { fullText } from '../full-text.ts';
import type { SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';
import { respell, type Respelled } from '../respelling.ts';

/** Results after unknown words are replaced by those that differ in one letter; the replacements. */
const RESPELLED: readonly [what: string, query: string, taken: readonly Respelled[], ids: readonly string[]][] = [
  ['a letter too few', 'sesion fetch', [{ from: 'sesion', to: 'session' }], ['plain', 'reversed']],
  ['a letter too many', 'fettch the session', [{ from: 'fettch', to: 'fetch' }], ['plain', 'reversed']],
  ['another letter', 'sassion draft', [{ from: 'sassion', to: 'session' }], ['draft']],
  ['two changed round', 'darft', [{ from: 'darft', to: 'draft' }], ['draft']],
  ['also if the word is not finished', 'fetch sesison', [{ from: 'sesison', to: 'session' }], ['plain', 'reversed']],
  ['also while it is typed', 'we fetch rendre', [{ from: 'rendre', to: 'rendering' }], ['plain']],
  ['a part of an identifier', 'stste', [{ from: 'stste', to: 'state' }], ['hook', 'prose']],
  [
    'several words',
    'sesion ftech',
    [
      { from: 'sesion', to: 'session' },
      { from: 'ftech', to: 'fetch' },
    ],
    ['plain', 'reversed'],
  ],
  ['without what is negated', 'sesion -draft', [{ from: 'sesion', to: 'session' }], ['plain', 'reversed']],
  ['in other scripts', 'стопт', [{ from: 'стопт', to: 'стоит' }], ['russian']],
];

/** Words that are taken literally. */
const NOT_RESPELLED: readonly [what: string, query: string][] = [
  ['words that are there, only not together', 'sha256sum session'],
  ['two letters', 'seshun'],
  ['another first letter', 'bession'],
  ['phrases', '"sesion"'],
  ['numbers', '12345 session'],
  ['identifiers with digits', 'sha256sun'],
  ['short words', 'gti'],
  ['words that are right but absent', 'dart'],
  ['forms of words that are right', 'drafty sessions'],
];

/** What every full-text adapter makes of misspelled words. `ann` has TEXTS in the store, `ben` nothing. */
export function respellingConformance(store: () => SearchStore, { ann, ben }: Record<'ann' | 'ben', Owner>): void {
  const find = (query: string, owner = ann) =>
    fullText(store(), owner, { parsed: parseQuery(query), filter: {}, limit: 20 });

  it.each(RESPELLED)('finds %s: %s', async (_, query, taken, expected) => {
    expect(await store().search(ann, { parsed: parseQuery(query), filter: {}, limit: 20 })).toEqual([]);
    const { hits, respelled } = await find(query);
    expect(respelled).toEqual(taken);
    expect(hits.map(({ messageId }) => messageId).sort()).toEqual(expected);
    for (const hit of hits) expect(snippetOf(hit)).toContain('<mark>');
  });

  it.each(NOT_RESPELLED)('does not respell %s: %s', async (_, query) => {
    expect(await find(query)).toEqual({ hits: [] });
  });

  it('respells nothing if most of the words exist', async () => {
    // `sesion` could be `session`, but two of three words are there as they are.
    const { hits, respelled, ...about } = await find('sesion fetch rendering');
    expect(hits.map(({ messageId }) => messageId)).toEqual(['plain']);
    expect(about).toEqual({ partial: true, missing: ['sesion'] });
    expect(respelled).toBeUndefined();
  });

  it('does not respell with another owner’s words', async () => {
    await store().index(ben, [aDocument({ id: 'of_ben', text: 'sesion' })]);
    expect((await respell(store(), ann, parseQuery('sesion')))?.all).toMatchObject([{ near: true }]);
    const { hits, respelled } = await find('sesiom', ben);
    expect(hits.map(({ messageId }) => messageId)).toEqual(['of_ben']);
    expect(respelled).toEqual([{ from: 'sesiom', to: 'sesion' }]);
    expect(await store().remove(ben, [hits[0]!.sessionId])).toBe(1);
  });
}
