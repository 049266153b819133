import { maySee, readerOf, VISIBILITIES, type Owner, type Reader, type Visibility } from '@opensync/contracts';
import fc from 'fast-check';
import type { SessionFilter } from '../../filters.ts';
import { aDocument, aHeading, snippetOf } from './rows.ts';
import { fullText } from '../full-text.ts';
import type { SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';
import { sessionsWithAny } from '../sessions-with-any.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };
/** Of another workspace. */
const CID: Owner = { workspaceId: 'wsp_two', userId: 'usr_cid' };

/** What every full-text adapter must and must not show of other users' sessions. */
export function searchVisibilityConformance(
  open: () => Promise<{ store: SearchStore; close: () => Promise<void> }>,
): void {
  let store: SearchStore;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ store, close } = await open());
  });
  afterEach(() => close());

  const find = async (reader: Reader, query: string, filter: SessionFilter = {}) => {
    const hits = await store.search(reader, { parsed: parseQuery(query), filter, limit: 100 });
    return hits.map(({ sessionId }) => sessionId).sort();
  };
  const session = (id: string, visibility: Visibility, version: number, ...texts: string[]) => [
    aHeading(id, { title: `about ${id}`, visibility, version }),
    ...texts.map((text, n) => aDocument({ id: `${id}_${n}`, sessionId: id, text, visibility, version })),
  ];

  it("finds a reader's own sessions and those that their workspace shares", async () => {
    await store.index(ANN, session('ses_ann', 'private', 1, 'needle of Ann'));
    await store.index(BEN, [
      ...session('ses_ben', 'private', 1, 'needle of Ben'),
      ...session('ses_shared', 'workspace', 1, 'needle for all'),
    ]);
    await store.index(CID, session('ses_cid', 'workspace', 1, 'needle of Cid'));
    expect(await find(readerOf(ANN), 'needle')).toEqual(['ses_ann', 'ses_shared']);
    expect(await find(readerOf(BEN), 'needle')).toEqual(['ses_ben', 'ses_shared']);
    expect(await find(readerOf(CID), 'needle')).toEqual(['ses_cid']);
    expect(await find(ANN, 'needle')).toEqual(['ses_ann']);
    expect(await find(BEN, 'needle')).toEqual(['ses_ben', 'ses_shared']);
    expect(await find(readerOf({ ...ANN, userId: 'usr_new' }), 'needle')).toEqual(['ses_shared']);
    expect(await find({ ...ANN, userId: 'usr_new' }, 'needle')).toEqual([]);
    const [hit] = await store.search(readerOf(ANN), { parsed: parseQuery('needle all'), filter: {}, limit: 1 });
    expect([hit!.sessionId, snippetOf(hit!)]).toEqual(['ses_shared', '<mark>needle</mark> for <mark>all</mark>']);
  });

  it('follows a session that becomes shared, and private again', async () => {
    await store.index(BEN, session('ses', 'private', 1, 'needle', 'hay'));
    const reader = readerOf(ANN);
    expect(await find(reader, 'needle hay')).toEqual([]);
    await store.index(BEN, session('ses', 'workspace', 2, 'needle', 'hay'));
    expect(await find(reader, 'needle hay')).toEqual(['ses']);
    expect((await store.indexed(BEN, ['ses_0'])).get('ses_0')).toMatchObject({ version: 2, visibility: 'workspace' });
    // An older write does not undo it.
    await store.index(BEN, session('ses', 'private', 1, 'needle', 'hay'));
    expect(await find(reader, 'needle hay')).toEqual(['ses']);
    await store.index(BEN, session('ses', 'private', 3, 'needle', 'hay'));
    expect(await find(reader, 'needle')).toEqual([]);
    expect(await find(BEN, 'needle hay')).toEqual(['ses']);
    await store.index(BEN, [
      ...session('ses', 'workspace', 4, 'needle', 'hay'),
      ...session('ses', 'private', 5, 'needle', 'straw'),
    ]);
    expect([await find(reader, 'needle'), await find(BEN, 'needle straw')]).toEqual([[], ['ses']]);
    expect(await find(BEN, 'hay')).toEqual([]);
    await store.index(BEN, session('ses', 'workspace', 6, 'needle', 'straw'));
    expect(await store.remove(BEN, ['ses'])).toBe(3);
    expect([await find(reader, 'needle'), await find(BEN, 'needle')]).toEqual([[], []]);
  });

  it('uses only visible rows to count, negate, complete and respell', async () => {
    await store.index(BEN, [
      ...session('ses_secret', 'private', 1, 'zebra project falcon', 'zebra'),
      ...session('ses_shared', 'workspace', 1, 'zebra stripes', 'grass'),
    ]);
    await store.index(ANN, session('ses_ann', 'private', 1, 'grass grows'));
    const counts = (reader: Reader, words: string) => store.counts(reader, parseQuery(words).all);
    expect(await counts(readerOf(ANN), 'zebra falcon grass')).toEqual([1, 0, 2]);
    expect(await counts(readerOf(BEN), 'zebra falcon grass')).toEqual([3, 1, 1]);
    expect(await counts(ANN, 'zebra falcon grass')).toEqual([0, 0, 1]);
    expect(await counts(BEN, 'zebra falcon grass')).toEqual([3, 1, 1]);
    const ask = (reader: Reader, query: string) =>
      fullText(store, reader, { parsed: parseQuery(query), filter: {}, limit: 20 });
    // `falcon` is nowhere for Ann, so that neither it nor what is like it is found.
    expect(await ask(readerOf(ANN), 'falcom')).toEqual({ hits: [] });
    expect((await ask(readerOf(BEN), 'falcom')).respelled).toEqual([{ from: 'falcom', to: 'falcon' }]);
    expect((await ask(readerOf(ANN), 'zebre')).respelled).toEqual([{ from: 'zebre', to: 'zebra' }]);
    const { hits, missing } = await ask(readerOf(ANN), 'zebra stripes falcon');
    expect([hits.map(({ sessionId }) => sessionId), missing]).toEqual([['ses_shared'], ['falcon']]);
    expect(await find(readerOf(ANN), 'zebra -grass')).toEqual([]);
    expect(await find(readerOf(ANN), 'grass -zebra')).toEqual(['ses_ann']);
    expect(await find(readerOf(ANN), 'falc')).toEqual([]);
    const withAny = await sessionsWithAny(store, readerOf(ANN), parseQuery('zebra').all, ['ses_secret', 'ses_shared']);
    expect([...withAny]).toEqual(['ses_shared']);
  });

  it("ranks by one word in an order that other users' private rows do not change", async () => {
    const filler = 'lorem ipsum dolor sit amet '.repeat(20);
    await store.index(ANN, [
      aDocument({ sessionId: 'title', title: 'needle', text: 'needle' }),
      aDocument({ sessionId: 'long', text: `needle ${filler}` }),
      ...Array.from({ length: 5 }, (_, n) => aDocument({ sessionId: `other_${n}`, text: filler })),
    ]);
    await store.index(BEN, [aDocument({ sessionId: 'shared', text: 'needle needle', visibility: 'workspace' })]);
    const ranked = async () => {
      const hits = await store.search(readerOf(ANN), { parsed: parseQuery('needle'), filter: {}, limit: 20 });
      return hits.map(({ score: _score, ...hit }) => hit);
    };
    const before = await ranked();
    expect(before.map(({ sessionId }) => sessionId).sort()).toEqual(['long', 'shared', 'title']);
    await store.index(BEN, [
      ...Array.from({ length: 20 }, (_, n) => aDocument({ sessionId: `secret_${n}`, text: 'needle '.repeat(n + 1) })),
      aDocument({ sessionId: 'secret', title: 'needle', text: `needle ${filler}` }),
    ]);
    expect(await ranked()).toEqual(before);
  });

  it('filters shared sessions like own ones', async () => {
    const row = { text: 'needle', visibility: 'workspace' } as const;
    await store.index(ANN, [aDocument({ ...row, sessionId: 'ann', source: 'codex', createdAt: 1 })]);
    await store.index(BEN, [
      aDocument({ ...row, sessionId: 'ben', source: 'codex', createdAt: 2, projectName: 'web' }),
      aDocument({ ...row, sessionId: 'droid', source: 'droid', createdAt: 3 }),
      aDocument({ ...row, sessionId: 'private', source: 'codex', visibility: 'private' }),
    ]);
    expect(await find(readerOf(ANN), 'needle', { source: 'codex' })).toEqual(['ann', 'ben']);
    expect(await find(readerOf(ANN), 'needle', { source: 'codex', from: 2 })).toEqual(['ben']);
    expect(await find(readerOf(ANN), 'needle', { project: 'web' })).toEqual(['ben']);
    expect(await find(ANN, 'needle', { source: 'codex' })).toEqual(['ann']);
  });

  it('finds, counts and excludes what a plain model says for each reader', async () => {
    const owners = [ANN, BEN, { ...ANN, userId: 'usr_dan' }, CID, { ...CID, userId: ANN.userId }];
    // None begins like another, since the last word of a query is a prefix.
    const words = ['apricot', 'birch', 'cedar', 'damson'];
    const word = fc.constantFrom(...words);
    const write = fc.record({
      owner: fc.nat(owners.length - 1),
      name: fc.nat(2),
      visibility: fc.constantFrom(...VISIBILITIES),
      source: fc.constantFrom('codex', 'droid'),
      texts: fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      isRemoved: fc.integer({ max: 9, min: 0 }).map((n) => n === 0),
    });
    const query = fc.record({
      reader: fc.nat(owners.length - 1),
      isOwn: fc.boolean(),
      all: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
      none: fc.option(word, { nil: undefined }),
      source: fc.option(fc.constantFrom('codex', 'droid'), { nil: undefined }),
    });
    interface Stored {
      readonly owner: Owner;
      readonly visibility: Visibility;
      readonly source: string;
      readonly texts: readonly (readonly string[])[];
    }
    const stored = new Map<string, Stored>();
    let version = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 5 }),
        fc.array(query, { minLength: 1, maxLength: 5 }),
        async (writes, queries) => {
          for (const { owner: at, name, texts, isRemoved, ...heading } of writes) {
            const owner = owners[at]!;
            const id = `ses_${owner.workspaceId}_${owner.userId}_${name}`;
            version += 1;
            if (isRemoved) {
              await store.remove(owner, [id]);
              stored.delete(id);
              continue;
            }
            const before = stored.get(id);
            const all = [...texts, ...(before?.texts.slice(texts.length) ?? [])];
            stored.set(id, { owner, ...heading, texts: all });
            await store.index(
              owner,
              all.map((text, n) =>
                aDocument({ id: `${id}_${n}`, sessionId: id, text: text.join(' '), version, ...heading }),
              ),
            );
          }
          for (const { reader: at, isOwn, all, none, source } of queries) {
            const reader = isOwn ? owners[at]! : readerOf(owners[at]!);
            const seen = [...stored].filter(([, { owner, visibility }]) => maySee(reader, owner, visibility));
            const has = ({ texts }: Stored, wanted: string) => texts.some((text) => text.includes(wanted));
            const expected = seen.filter(
              ([, one]) =>
                all.every((wanted) => has(one, wanted)) &&
                (none === undefined || !has(one, none)) &&
                (source === undefined || one.source === source),
            );
            const typed = [...all, ...(none === undefined ? [] : [`-${none}`])].join(' ');
            expect(await find(reader, typed, { ...(source && { source }) })).toEqual(expected.map(([id]) => id).sort());
            expect(await store.counts(reader, parseQuery(words.join(' ')).all)).toEqual(
              words.map((wanted) =>
                seen.reduce((sum, [, { texts }]) => sum + texts.filter((text) => text.includes(wanted)).length, 0),
              ),
            );
            const partly = await store.searchPartly(reader, {
              parsed: parseQuery(words.join(' ')),
              filter: {},
              limit: 100,
            });
            const some = seen.filter(([, one]) => words.filter((wanted) => has(one, wanted)).length >= 2);
            expect(partly.map(({ sessionId }) => sessionId).sort()).toEqual(some.map(([id]) => id).sort());
          }
        },
      ),
      { numRuns: 15 },
    );
  }, 240_000);
}
