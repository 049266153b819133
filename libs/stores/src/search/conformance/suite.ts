import { readerOf, type Owner, type Reader } from '@opensync/contracts';
import type { SessionFilter } from '../../filters.ts';
import { HOSTILE, MATCHES, TEXTS } from './matches.ts';
import { messagesConformance } from './messages.ts';
import { withinSessionConformance } from './within-session.ts';
import { respellingConformance } from './respelling.ts';
import { BY_LABELS, LABELLED } from '../../testing/labelled.ts';
import { labelsText } from '../../labels.ts';
import { aDocument, aHeading, snippetOf } from './rows.ts';
import { facetsConformance } from './facets.ts';
import { sessionsConformance } from './sessions.ts';
import { searchVisibilityConformance } from './visibility.ts';
import { positionConformance } from '../../position/conformance.ts';
import type { SearchDocument, SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';
import { sessionsWithAny } from '../sessions-with-any.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };

/** Required behaviour of every full-text adapter. `open` returns an empty store; `close` removes its data. */
export function searchConformance(
  name: string,
  open: () => Promise<{ store: SearchStore; close: () => Promise<void> }>,
): void {
  let store: SearchStore;
  let close: () => Promise<void>;

  const find = (query: string, options: { owner?: Reader; filter?: SessionFilter; limit?: number } = {}) =>
    store.search(options.owner ?? ANN, {
      parsed: parseQuery(query),
      filter: options.filter ?? {},
      limit: options.limit ?? 20,
    });
  const idsOf = async (query: string, options: Parameters<typeof find>[1] = {}) =>
    (await find(query, options)).map(({ messageId, sessionId }) => messageId ?? sessionId).sort();

  describe(`what ${name} matches`, () => {
    beforeAll(async () => {
      ({ store, close } = await open());
      await store.index(
        ANN,
        Object.entries(TEXTS).map(([id, text]) => aDocument({ id, text })),
      );
    });
    afterAll(() => close());

    it.each(MATCHES)('finds %s: %s', async (_, query, expected) => expect(await idsOf(query)).toEqual(expected));

    respellingConformance(() => store, { ann: ANN, ben: BEN });

    it.each(HOSTILE)('answers %s without a hit or an error', async (_, queries) => {
      for (const query of queries) expect(await idsOf(query)).toEqual([]);
    });
  });

  describe(`sessions in ${name}`, () => sessionsConformance(open));

  describe(`messages in ${name}`, () => messagesConformance(open));
  describe(`one session in ${name}`, () => withinSessionConformance(open));

  describe(`facets in ${name}`, () => facetsConformance(open));

  describe(`visibility in ${name}`, () => searchVisibilityConformance(open));

  describe(`${name} as a search store`, () => {
    beforeEach(async () => {
      ({ store, close } = await open());
    });
    afterEach(() => close());

    positionConformance(() => store);

    it('finds titles, projects and tool calls, and says what matched', async () => {
      await store.index(ANN, [
        aHeading('ses_1', { title: 'Repair the login', projectName: 'gateway', projectPath: '/home/ann/gateway' }),
        aDocument({
          id: 'msg_a',
          sessionId: 'ses_1',
          title: 'Repair the login',
          projectName: 'gateway',
          text: 'It times out.',
        }),
        aDocument({ id: 'msg_b', sessionId: 'ses_2', toolText: 'Bash grep -rn timeout_ms' }),
      ]);
      expect(await find('login')).toEqual([
        {
          sessionId: 'ses_1',
          score: expect.any(Number),
          title: 'Repair the login',
          excerpt: { text: 'Repair the login', highlights: [{ start: 11, end: 16 }] },
        },
      ]);
      expect(await find('login times')).toMatchObject([
        {
          sessionId: 'ses_1',
          messageId: 'msg_a',
          excerpt: { text: 'It times out.', highlights: [{ start: 3, end: 8 }] },
        },
      ]);
      expect(await idsOf('gateway')).toEqual(['ses_1']);
      expect(await idsOf('/home/ann/gateway')).toEqual(['ses_1']);
      expect((await find('timeout')).map((hit) => [hit.messageId, snippetOf(hit)])).toEqual([
        ['msg_b', 'Bash grep -rn <mark>timeout_ms</mark>'],
      ]);
    });

    it('answers best first: title, text, then tool calls', async () => {
      const filler = 'lorem ipsum dolor sit amet';
      await store.index(ANN, [
        aDocument({ id: 'tool', toolText: `needle ${filler}`, text: filler }),
        aDocument({ id: 'title', title: 'needle', text: filler, toolText: filler }),
        aDocument({ id: 'text', text: `needle ${filler}`, toolText: filler }),
        ...Array.from({ length: 20 }, (_, n) => aDocument({ id: `other_${n}`, text: filler })),
      ]);
      const hits = await find('needle');
      expect(hits.map(({ messageId }) => messageId)).toEqual(['title', 'text', 'tool']);
      expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a));
      expect(hits.at(-1)!.score).toBeGreaterThan(0);
    });

    it('returns each session once, by its best row, however many rows one session has', async () => {
      const flood = Array.from({ length: 3_000 }, (_, n) =>
        aDocument({ sessionId: 'ses_flood', text: `needle number ${n}` }),
      );
      await store.index(ANN, [
        ...flood,
        aDocument({ id: 'best', sessionId: 'ses_flood', text: 'needle needle' }),
        ...Array.from({ length: 5 }, (_, n) =>
          aDocument({
            sessionId: `ses_${n}`,
            text: `a needle in a rather long stack of hay, straw and grass, number ${n}`,
          }),
        ),
      ]);
      const hits = await find('needle', { limit: 4 });
      expect(hits[0]).toMatchObject({ sessionId: 'ses_flood', messageId: 'best' });
      expect(new Set(hits.map(({ sessionId }) => sessionId)).size).toBe(4);
      expect(await find('needle')).toHaveLength(6);
    });

    it('applies all filters that are set', async () => {
      const at = (createdAt: number, given: Partial<SearchDocument>) =>
        aDocument({ text: 'needle', createdAt, ...given });
      await store.index(ANN, [
        at(1_000, { id: 'a', projectName: 'gateway', projectPath: '/home/ann/gateway' }),
        at(2_000, { id: 'b', projectPath: '/home/ann/web', source: 'codex' }),
        at(3_000, { id: 'c', source: 'codex', model: 'sonnet' }),
      ]);
      const filtered = (filter: SessionFilter) => idsOf('needle', { filter });
      expect(await filtered({ source: 'codex' })).toEqual(['b', 'c']);
      expect(await filtered({ model: 'sonnet' })).toEqual(['c']);
      expect(await filtered({ project: 'gateway' })).toEqual(['a']);
      expect(await filtered({ project: '/home/ann/web' })).toEqual(['b']);
      expect(await filtered({ project: '/home/ann' })).toEqual([]);
      expect(await filtered({ from: 2_000 })).toEqual(['b', 'c']);
      expect(await filtered({ to: 2_000 })).toEqual(['a']);
      expect(await filtered({ source: 'codex', model: 'opus', from: 1_000, to: 3_000 })).toEqual(['b']);
    });

    it('filters by labels and owner', async () => {
      await store.index(
        ANN,
        LABELLED.map(({ id, ...labels }) => aDocument({ id, text: 'needle and zeta', ...labels })),
      );
      await store.index(BEN, [aDocument({ id: 'of_ben', text: 'needle', visibility: 'workspace' })]);
      const filtered = (filter: SessionFilter) => idsOf('needle', { filter });
      for (const [filter, expected] of BY_LABELS) expect([filter, await filtered(filter)]).toEqual([filter, expected]);
      expect(await idsOf('needle zeta', { filter: { tag: 'good' } })).toEqual(['a', 'b']);
      const ofUser = (userId: string) => idsOf('needle', { owner: readerOf(ANN), filter: { user: userId } });
      expect(await ofUser(BEN.userId)).toEqual(['of_ben']);
      expect(await ofUser(ANN.userId)).toEqual(['a', 'b', 'c']);
      expect(await ofUser('usr_nobody')).toEqual([]);
    });

    it('searches only the messages that a filter of messages lets through', async () => {
      await store.index(ANN, [
        aHeading('s', { title: 'needle' }),
        aDocument({ id: 'asked', sessionId: 's', text: 'zalpha', ownLabels: labelsText(['role:user']) }),
        aDocument({
          id: 'done',
          sessionId: 's',
          text: 'zbeta',
          ownLabels: labelsText(['role:assistant', 'tool:Bash']),
        }),
        aDocument({
          id: 'read',
          sessionId: 's',
          text: 'zalpha zbeta',
          ownLabels: labelsText(['role:tool', 'tool:Read']),
        }),
      ]);
      const filtered = (query: string, filter: SessionFilter) => idsOf(query, { filter });
      expect(await filtered('zalpha', { role: 'user' })).toEqual(['asked']);
      expect(await filtered('zbeta', { role: 'user' })).toEqual([]);
      expect(await filtered('zbeta', { tool: 'Bash' })).toEqual(['done']);
      expect(await filtered('zalpha zbeta', { tool: 'Bash' })).toEqual([]);
      expect(await filtered('zalpha zbeta', { tool: 'Read', role: 'tool' })).toEqual(['read']);
      expect(await filtered('needle', { role: 'user' })).toEqual([]);
    });

    it('excludes a session if any of its rows has a negated word', async () => {
      const session = (sessionId: string, title: string, ...texts: string[]) => [
        aHeading(sessionId, { title }),
        ...texts.map((text, n) => aDocument({ id: `${sessionId}_${n}`, sessionId, title, text })),
      ];
      await store.index(ANN, [
        ...session('ses_said', 'Fix zlogin page', 'zlogin works with zoauth now'),
        ...session('ses_elsewhere', 'Fix zlogin page', 'zlogin is blank', 'it was the zoauth token'),
        ...session('ses_titled', 'zoauth', 'zlogin is blank'),
        ...session('ses_free', 'Fix zlogin page', 'zlogin is blank'),
      ]);
      const sessionsOf = async (query: string, owner?: Owner) =>
        (await find(query, { ...(owner && { owner }) })).map(({ sessionId }) => sessionId).sort();
      expect(await sessionsOf('zlogin')).toHaveLength(4);
      expect(await sessionsOf('zlogin -zoauth')).toEqual(['ses_free']);
      expect(await sessionsOf('zlogin -"zoauth token"')).toEqual(['ses_free', 'ses_said', 'ses_titled']);
      expect(await sessionsOf('zlogin -fix -now')).toEqual(['ses_titled']);
      await store.index(BEN, session('ses_free', 'Fix zlogin page', 'zoauth of Ben'));
      expect(await sessionsOf('zlogin -zoauth')).toEqual(['ses_free']);
      expect(await sessionsOf('zlogin -zoauth', BEN)).toEqual([]);
    });

    it('searches only the named sessions', async () => {
      await store.index(ANN, [
        aDocument({ id: 'a', sessionId: 'ses_a', text: 'needle' }),
        aDocument({ id: 'b', sessionId: 'ses_b', text: 'needle' }),
        aDocument({ id: 'c', sessionId: 'ses_c', text: 'hay' }),
      ]);
      const among = async (sessionIds: readonly string[]) => {
        const hits = await store.search(ANN, { parsed: parseQuery('needle'), filter: {}, limit: 20, sessionIds });
        return hits.map(({ sessionId }) => sessionId).sort();
      };
      expect(await among(['ses_b', 'ses_c', 'unknown'])).toEqual(['ses_b']);
      expect(await among(['ses_a', 'ses_b'])).toEqual(['ses_a', 'ses_b']);
      expect(await among([])).toEqual([]);
      const withAny = (text: string, ids: readonly string[]) => sessionsWithAny(store, ANN, parseQuery(text).all, ids);
      expect([...(await withAny('hay needle', ['ses_a', 'ses_c', 'ses_d']))].sort()).toEqual(['ses_a', 'ses_c']);
      expect(await withAny('needle', [])).toEqual(new Set());
    });

    it('keeps owners apart, even under equal ids', async () => {
      const shared = { id: 'msg_same', sessionId: 'ses_same' };
      await store.index(ANN, [aDocument({ ...shared, version: 9, text: 'needle of Ann' })]);
      expect(await find('needle', { owner: BEN })).toEqual([]);
      expect(await store.indexed(BEN, ['msg_same'])).toEqual(new Map());
      expect(await store.remove(BEN, ['ses_same'])).toBe(0);

      await store.index(BEN, [aDocument({ ...shared, version: 1, text: 'needle of Ben' })]);
      expect((await find('needle')).map(snippetOf)).toEqual(['<mark>needle</mark> of Ann']);
      expect((await find('needle', { owner: BEN })).map(snippetOf)).toEqual(['<mark>needle</mark> of Ben']);

      expect(await store.remove(BEN, ['ses_same'])).toBe(1);
      expect(await idsOf('needle')).toEqual(['msg_same']);
      expect(await find('needle', { owner: BEN })).toEqual([]);
    });

    it('never lets an older version overwrite a newer one; an equal one may', async () => {
      await store.index(ANN, [aDocument({ id: 'm', version: 5, text: 'fifth' })]);
      await store.index(ANN, [aDocument({ id: 'm', version: 4, text: 'fourth' })]);
      expect([await idsOf('fifth'), await idsOf('fourth')]).toEqual([['m'], []]);
      await store.index(ANN, [aDocument({ id: 'm', version: 5, text: 'again' })]);
      expect([await idsOf('fifth'), await idsOf('again')]).toEqual([[], ['m']]);
      await store.index(ANN, [
        aDocument({ id: 'm', version: 7, text: 'seventh' }),
        aDocument({ id: 'm', version: 6, text: 'sixth' }),
      ]);
      expect([await idsOf('again'), await idsOf('sixth'), await idsOf('seventh')]).toEqual([[], [], ['m']]);
      expect((await store.indexed(ANN, ['m'])).get('m')?.version).toBe(7);
      await store.index(ANN, [
        aDocument({ id: 'm', version: 8, text: 'eighth' }),
        aDocument({ id: 'm', version: 9, text: 'seventh' }),
      ]);
      expect([await idsOf('eighth'), await idsOf('seventh')]).toEqual([[], ['m']]);
    });

    it('reports documents that it will never accept, and writes all others', async () => {
      // No column can hold such a number.
      const impossible = (id: string) => aDocument({ id, text: 'needle', createdAt: 2 ** 70 });
      const good = Array.from({ length: 5 }, (_, n) => aDocument({ id: `good_${n}`, text: 'needle' }));
      const refused = await store.index(ANN, [good[0]!, impossible('one'), ...good.slice(1), impossible('two')]);
      const reason = expect.any(String);
      expect(refused).toEqual([
        { id: 'one', reason },
        { id: 'two', reason },
      ]);
      expect(await idsOf('needle')).toEqual(good.map(({ id }) => id));
      expect(await store.index(ANN, [aDocument({ id: 'one', text: 'needle' })])).toEqual([]);
      expect(await idsOf('needle')).toContain('one');
    });

    it('returns what is stored for each id', async () => {
      const heading = {
        title: 'T',
        projectName: 'p',
        projectPath: '/p',
        source: 'codex',
        model: 'o3',
        createdAt: 1_764_000_000_123,
        visibility: 'workspace' as const,
        labels: labelsText(['tag:b', 'provider:openai']),
      };
      await store.index(ANN, [
        aHeading('ses_1', { ...heading, version: 3, headingVersion: 3 }),
        aDocument({ id: 'm', version: 4 }),
      ]);
      const stored = await store.indexed(ANN, ['ses_1', 'm', 'unknown']);
      expect([...stored.keys()].sort()).toEqual(['m', 'ses_1']);
      expect(stored.get('ses_1')).toEqual({ ...heading, sessionId: 'ses_1', version: 3, headingVersion: 3 });
    });

    it('reports whether a session has a row with an event from before a sequence', async () => {
      const row = (id: string, firstSequence?: number) =>
        aDocument({ id, sessionId: 's', ...(firstSequence !== undefined && { firstSequence }) });
      const before = (sequence: number, owner = ANN, sessionId = 's') => store.hasBefore(owner, sessionId, sequence);
      expect(await before(1_000)).toBe(false);
      await store.index(ANN, [
        aHeading('s', { firstSequence: 30 }),
        row('early', 10),
        row('late', 20),
        aDocument({ id: 'other', sessionId: 'other', firstSequence: 1 }),
      ]);
      await store.index(BEN, [aDocument({ id: 'early', sessionId: 's', firstSequence: 2 })]);
      expect([await before(10), await before(11), await before(1_000)]).toEqual([false, true, true]);
      expect([await before(2, BEN), await before(3, BEN)]).toEqual([false, true]);
      expect([await before(2, ANN, 'other'), await before(2, ANN, 'unknown')]).toEqual([true, false]);

      await store.index(ANN, [{ ...row('early', 15), version: 2, visibility: 'workspace' }]);
      expect([await before(15), await before(16)]).toEqual([false, true]);
      await store.remove(ANN, ['s']);
      expect(await before(1_000)).toBe(false);
      await store.index(ANN, [row('late', 40)]);
      expect([await before(40), await before(41)]).toEqual([false, true]);
      // A row without a first sequence may be from before any.
      await store.index(ANN, [row('unknown')]);
      expect(await before(1)).toBe(true);
      const known = (sequence: number) => store.hasBefore(ANN, 's', sequence, { unknown: false });
      expect([await known(40), await known(41)]).toEqual([false, true]);
    });

    it('accepts a lower version of what was removed', async () => {
      await store.index(ANN, [aDocument({ id: 'm', sessionId: 's', version: 9, text: 'before' })]);
      expect(await store.remove(ANN, ['s'])).toBe(1);
      expect(await store.remove(ANN, ['s'])).toBe(0);
      await store.index(ANN, [aDocument({ id: 'm', sessionId: 's', version: 3, text: 'after' })]);
      expect((await store.indexed(ANN, ['m'])).get('m')).toMatchObject({ version: 3, sessionId: 's' });
      expect([await idsOf('before'), await idsOf('after')]).toEqual([[], ['m']]);
    });

    it('follows a changed title, and changed filters under the same words', async () => {
      const row = { id: 'm', sessionId: 's', text: 'body' };
      await store.index(ANN, [aDocument({ ...row, version: 1, title: 'before', source: 'codex' })]);
      await store.index(ANN, [aDocument({ ...row, version: 2, title: 'after', source: 'codex' })]);
      expect([await idsOf('before body'), await idsOf('after body')]).toEqual([[], ['m']]);
      await store.index(ANN, [aDocument({ ...row, version: 3, title: 'after', source: 'cursor-sync' })]);
      expect(await idsOf('body', { filter: { source: 'codex' } })).toEqual([]);
      expect(await idsOf('after', { filter: { source: 'cursor-sync' } })).toEqual(['m']);
    });

    it('removes whole sessions and counts their rows', async () => {
      await store.index(ANN, [
        aHeading('s1', { title: 'needle' }),
        aDocument({ id: 'a', sessionId: 's1', text: 'needle' }),
        aDocument({ id: 'b', sessionId: 's2', text: 'needle' }),
      ]);
      expect(await store.remove(ANN, ['s1', 'unknown'])).toBe(2);
      expect(await idsOf('needle')).toEqual(['b']);
      expect(await store.indexed(ANN, ['s1', 'a'])).toEqual(new Map());
      expect(await store.remove(ANN, ['s1', 's2'])).toBe(1);
      expect(await idsOf('needle')).toEqual([]);

      await store.index(ANN, [aDocument({ id: 'a', sessionId: 's1', version: 1, text: 'needle again' })]);
      expect(await idsOf('again')).toEqual(['a']);
    });

    it('indexes long texts completely', async () => {
      const text = `alpha ${'lorem ipsum dolor sit amet '.repeat(80_000)} omega`;
      await store.index(ANN, [aDocument({ id: 'long', text })]);
      expect(await idsOf('alpha omega')).toEqual(['long']);
      expect(snippetOf((await find('omega'))[0]!)).toContain('<mark>omega</mark>');
      expect(snippetOf((await find('omega'))[0]!).length).toBeLessThan(500);
    });

    it('keeps unusual characters and escapes them in snippets', async () => {
      await store.index(ANN, [aDocument({ id: 'odd', title: 'a\0b <i>', text: 'needle <script>\0&\u2028 \ud800 👩‍🚀' })]);
      const [hit] = await find('needle');
      expect(hit!.title).toBe('a\0b <i>');
      expect(snippetOf(hit!)).toMatch(/^<mark>needle<\/mark> &lt;script&gt; &amp; . 👩‍🚀$/u);
    });

    it('describes itself', async () => {
      await store.index(ANN, [aHeading('s', {}), aDocument({ sessionId: 's' })]);
      await store.index(BEN, [aDocument({})]);
      expect((await store.describe()).counts).toEqual({ sessions: 2, rows: 3 });
    });
  });
}
