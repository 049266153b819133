import type { Owner } from '@opensync/contracts';
import { aDocument, aHeading } from './rows.ts';
import type { SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';
import { markedHtml } from '../snippet.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };

/** Required behaviour of every full-text adapter for searches within one session. */
export function withinSessionConformance(
  open: () => Promise<{ store: SearchStore; close: () => Promise<void> }>,
): void {
  let store: SearchStore;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ store, close } = await open());
    const heading = { title: 'zebra', projectName: 'zproject' };
    const row = (sessionId: string, id: string, text: string, toolText = '') =>
      aDocument({ id, sessionId, text, toolText, ...heading });
    await store.index(ANN, [
      aHeading('s', heading),
      row('s', 'a', 'a needle in the hay'),
      row('s', 'b', 'two needles and useState', 'ls needle'),
      row('s', 'c', 'only hay', 'grep -r needle src/auth.ts'),
      row('s', 'd', 'nothing'),
      row('other', 'e', 'a needle elsewhere'),
    ]);
    await store.index(BEN, [
      aDocument({ id: 'f', sessionId: 'shared', text: 'a needle of Ben', visibility: 'workspace' }),
      aDocument({ id: 'g', sessionId: 'other of Ben', text: 'a needle', visibility: 'workspace' }),
    ]);
  });
  afterEach(() => close());

  const found = async (query: string, { owner = ANN, sessionId = 's', limit = 100 } = {}) => {
    let ids: readonly string[] = [];
    const search = { sessionId, parsed: parseQuery(query), limit };
    await store.searchSession(owner, search, async (all) => ((ids = all), []));
    return [...ids].sort();
  };

  it.each([
    ['needle', ['a', 'b', 'c']],
    ['needle hay', ['a', 'c']],
    ['"a needle"', ['a']],
    ['needle -hay', ['b']],
    ['needle -two -grep', ['a']],
    ['usestate', ['b']],
    ['state', ['b']],
    ['src/auth.ts', ['c']],
    ['need', ['a', 'b', 'c']],
    // Of the heading, which every row repeats.
    ['zebra', []],
    ['zproject', []],
    ['-needle', []],
    ['absent', []],
  ])('finds the messages that match %s, each by itself', async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  it('cuts excerpts of the chosen messages, in their order', async () => {
    const search = { sessionId: 's', parsed: parseQuery('needle'), limit: 100 };
    const hits = await store.searchSession(ANN, search, async () => ['c', 'a', 'unknown']);
    expect(hits.map(({ messageId, excerpt }) => [messageId, markedHtml(excerpt)])).toEqual([
      ['c', 'grep -r <mark>needle</mark> src/auth.ts'],
      ['a', 'a <mark>needle</mark> in the hay'],
    ]);
  });

  it('finds no more than its limit', async () => {
    expect(await found('needle', { limit: 2 })).toHaveLength(2);
  });

  it('finds messages of its owner’s session alone, shared or not', async () => {
    expect(await found('needle', { owner: BEN, sessionId: 'shared' })).toEqual(['f']);
    expect(await found('needle', { owner: ANN, sessionId: 'shared' })).toEqual([]);
    expect(await found('needle', { owner: BEN, sessionId: 's' })).toEqual([]);
    expect(await found('needle', { sessionId: 'unknown' })).toEqual([]);
  });
}
