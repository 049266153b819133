import { monotonicMs } from '../../monotonic.ts';
import type { Owner } from '@opensync/contracts';
import type { SessionFilter } from '../../filters.ts';
import { aDocument, aHeading, snippetOf } from './rows.ts';
import { fullText } from '../full-text.ts';
import type { SearchDocument, SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };

/** A session of messages in order, with its heading. */
function aSession(sessionId: string, texts: readonly string[], given: Partial<SearchDocument> = {}): SearchDocument[] {
  return [
    aHeading(sessionId, given),
    ...texts.map((text, n) => aDocument({ id: `${sessionId}_${n}`, sessionId, ...given, text })),
  ];
}

/** Required behaviour of every full-text adapter for words that are spread over a session, or partly missing. */
export function sessionsConformance(open: () => Promise<{ store: SearchStore; close: () => Promise<void> }>): void {
  let store: SearchStore;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ store, close } = await open());
  });
  afterEach(() => close());

  const ask = (query: string, options: { owner?: Owner; filter?: SessionFilter; limit?: number } = {}) =>
    fullText(store, options.owner ?? ANN, {
      parsed: parseQuery(query),
      filter: options.filter ?? {},
      limit: options.limit ?? 20,
    });
  const sessionsOf = async (...of: Parameters<typeof ask>) => (await ask(...of)).hits.map(({ sessionId }) => sessionId);

  describe('words over a session', () => {
    it('finds words in different messages, titles, projects and tool calls', async () => {
      await store.index(ANN, [
        ...aSession('ses_apart', ['zalpha here', 'zbeta there'], { title: 'zgamma', projectName: 'zdelta' }),
        aDocument({ sessionId: 'ses_apart', title: 'zgamma', projectName: 'zdelta', toolText: 'zepsilon' }),
        ...aSession('ses_half', ['zalpha here', 'nothing']),
      ]);
      for (const query of ['zalpha zbeta', 'zbeta zgamma', 'zdelta zalpha zepsilon', 'zepsilon "zbeta there"']) {
        expect({ query, found: await sessionsOf(query) }).toEqual({ query, found: ['ses_apart'] });
      }
      const { hits, ...about } = await ask('zalpha zbeta');
      expect(about).toEqual({});
      expect(snippetOf(hits[0]!)).toMatch(/<mark>z(alpha|beta)<\/mark>/);
    });

    it('ranks a session with all words in one message higher', async () => {
      const hay = 'hay and straw in equal amounts of grass';
      await store.index(ANN, [
        ...aSession('ses_apart', [`zalpha ${hay}`, `zbeta ${hay}`, hay]),
        ...aSession('ses_together', [`zalpha zbeta ${hay}`, hay, hay]),
        ...Array.from({ length: 30 }, (_, n) => aDocument({ text: `${hay} number ${n}` })),
      ]);
      expect(await sessionsOf('zalpha zbeta')).toEqual(['ses_together', 'ses_apart']);
      expect(await sessionsOf('zalpha zbeta', { limit: 1 })).toEqual(['ses_together']);
    });

    it('requires phrases in one message, and no negated word in any', async () => {
      await store.index(ANN, [
        ...aSession('ses_phrase', ['zone ztwo', 'zthree']),
        ...aSession('ses_torn', ['zone', 'ztwo', 'zthree']),
        ...aSession('ses_negated', ['zone ztwo', 'zthree', 'zfour']),
      ]);
      expect((await sessionsOf('"zone ztwo" zthree')).sort()).toEqual(['ses_negated', 'ses_phrase']);
      expect((await sessionsOf('zone zthree -zfour')).sort()).toEqual(['ses_phrase', 'ses_torn']);
      expect(await sessionsOf('"zone ztwo" zthree -zfour')).toEqual(['ses_phrase']);
      expect(await sessionsOf('zone zthree -"zone ztwo"')).toEqual(['ses_torn']);
    });

    it('filters them, and searches only one owner', async () => {
      await store.index(ANN, [
        ...aSession('ses_codex', ['zone', 'ztwo'], { source: 'codex', createdAt: 5_000, projectName: 'Zoë' }),
        ...aSession('ses_claude', ['zone', 'ztwo'], { model: 'sonnet' }),
      ]);
      await store.index(BEN, aSession('ses_ben', ['zone', 'ztwo', 'zben']));
      expect(await sessionsOf('zone ztwo', { filter: { source: 'codex' } })).toEqual(['ses_codex']);
      expect(await sessionsOf('zone ztwo', { filter: { model: 'sonnet', to: 5_000 } })).toEqual(['ses_claude']);
      for (const project of ['Zo\u00eb', 'Zoe\u0308']) {
        expect(await sessionsOf('zone ztwo', { filter: { project } })).toEqual(['ses_codex']);
        expect(await sessionsOf('zone', { filter: { project } })).toEqual(['ses_codex']);
      }
      expect(await sessionsOf('zone ztwo zben')).toEqual(expect.arrayContaining(['ses_codex', 'ses_claude']));
      expect(await sessionsOf('zone ztwo', { owner: BEN })).toEqual(['ses_ben']);
    });

    it('does not require very common words', async () => {
      await store.index(ANN, aSession('ses_login', ['zlogin broke', 'zfixed it']));
      const { hits, ...about } = await ask('how did we have the zlogin zfixed');
      expect(hits.map(({ sessionId }) => sessionId)).toEqual(['ses_login']);
      expect(about).toEqual({});
      expect(await sessionsOf('what is it')).toEqual([]);
      expect(await sessionsOf('"the zlogin"')).toEqual([]);
    });
  });

  describe('some of the words', () => {
    beforeEach(() =>
      store.index(ANN, [
        ...aSession('ses_three', ['zone and ztwo', 'then zthree']),
        ...aSession('ses_two', ['zone and more', 'ztwo']),
        ...aSession('ses_one', ['zone alone']),
        ...aSession('ses_other', ['zfive zsix', 'zseven'], { source: 'codex' }),
      ]),
    );

    it('finds sessions that have most, and names what the best one lacks', async () => {
      expect((await ask('zabsent zone ztwo zthree zfour')).missing).toEqual(['zabsent', 'zfour']);
      const { hits, ...about } = await ask('zone ztwo zthree zfour');
      expect(about).toEqual({ partial: true, missing: ['zfour'] });
      expect(hits.map(({ sessionId, missing }) => [sessionId, missing])).toEqual([
        ['ses_three', ['zfour']],
        ['ses_two', ['zthree', 'zfour']],
      ]);
      for (const hit of hits) expect(snippetOf(hit)).toContain('<mark>');
    });

    it('finds nothing by one word, nor for two words that do not occur together', async () => {
      expect(await ask('zone zeight znine')).toEqual({ hits: [] });
      expect(await ask('zone zfive')).toEqual({ hits: [] });
      expect(await ask('the zone of zeight')).toEqual({ hits: [] });
    });

    it('keeps phrases, negations and filters', async () => {
      expect(await ask('"zone and ztwo" zthree zfour')).toMatchObject({
        hits: [{ sessionId: 'ses_three' }],
        missing: ['zfour'],
      });
      expect(await ask('"ztwo zone" zthree zfour')).toEqual({ hits: [] });
      expect(await sessionsOf('zone ztwo zfour -zthree')).toEqual(['ses_two']);
      expect(await sessionsOf('zfive zsix zfour')).toEqual(['ses_other']);
      expect(await sessionsOf('zfive zsix zfour', { filter: { source: 'claude-code' } })).toEqual([]);
      expect(await sessionsOf('zone ztwo zfour', { owner: BEN })).toEqual([]);
    });

    it('puts rare words first', async () => {
      await store.index(ANN, [
        ...Array.from({ length: 40 }, (_, n) => aDocument({ text: `zcommon zusual number ${n}` })),
        ...aSession('ses_rare', ['zcommon', 'zrare']),
      ]);
      expect((await sessionsOf('zcommon zusual zrare zabsent'))[0]).toBe('ses_rare');
    });

    it('finds an error with other details, and paths in pieces', async () => {
      await store.index(ANN, [
        ...aSession('ses_error', ['Error: zconnect ZREFUSED 10.1.2.3:5432 in /srv/zapp/src/pool.ts:88:17']),
        ...aSession('ses_path', ['see lib/zutil.ts', 'and /srv/other']),
      ]);
      const { hits, partial, missing } = await ask(
        'Error: zconnect ZREFUSED 10.1.2.9:6543 at /srv/zapp/src/pool.ts:92:5',
      );
      expect([hits[0]!.sessionId, partial]).toEqual(['ses_error', true]);
      // What is typed last may be the beginning of a word: 5 of 5432.
      expect(missing).toEqual(['9', '6543', '92']);
      const torn = await ask('see srv/zutil.ts lib', { limit: 1 });
      expect(torn).toMatchObject({ hits: [{ sessionId: 'ses_path' }], partial: true, missing: ['srv/zutil.ts'] });
    });

    it('does not respell a correct word that does not occur', async () => {
      await store.index(ANN, [
        ...aSession('ses_automaton', ['the automaton reads zletters']),
        ...aSession('ses_pipeline', ['the zpipeline deploys']),
      ]);
      expect(await ask('automation')).toEqual({ hits: [] });
      expect(await ask('automation zpipeline')).toEqual({ hits: [] });
      const { hits, ...about } = await ask('automation of the zpipeline that deploys');
      expect(hits.map(({ sessionId }) => sessionId)).toEqual(['ses_pipeline']);
      expect(about).toEqual({ partial: true, missing: ['automation'] });
    });

    it('takes other forms of a word', async () => {
      await store.index(ANN, aSession('ses_forms', ['it stopped updating the zwidgets', 'queries are cached']));
      const { hits, missing } = await ask('stop zwidget updates from cache');
      expect(hits.map(({ sessionId }) => sessionId)).toEqual(['ses_forms']);
      expect(missing ?? []).toEqual([]);
      expect(snippetOf(hits[0]!)).toContain('<mark>stopped</mark> <mark>updating</mark> the <mark>zwidgets</mark>');
    });

    it('finds Chinese by pieces of a question', async () => {
      await store.index(ANN, aSession('ses_chinese', ['订单服务有内存泄漏', '改用缓存上限']));
      const { hits, partial } = await ask('内存泄漏是怎么解决的');
      expect([hits.map(({ sessionId }) => sessionId), partial]).toEqual([['ses_chinese'], true]);
      expect(snippetOf(hits[0]!)).toContain('<mark>');
    });

    it('searches a long text by its rarest words, within its bounds', async () => {
      await store.index(ANN, [
        ...aSession('ses_trace', ['TypeError: zunique is not a function', 'at zhandler (/srv/zapp/file77.js)']),
        ...Array.from({ length: 50 }, (_, n) =>
          aDocument({ text: `at handler${n} of dist server routes number ${n}` }),
        ),
      ]);
      const trace = `TypeError: zunique is not a function\n${Array.from({ length: 400 }, (_, n) => `    at handler${n} (/srv/zapp/dist/server/routes/file${n}.js:${n}:17)`).join('\n')}`;
      const { hits, partial, missing } = await ask(trace);
      expect([hits[0]!.sessionId, partial]).toEqual(['ses_trace', true]);
      expect(missing!.length).toBeLessThanOrEqual(20);
      const words = Array.from({ length: 5_000 }, (_, n) => `w${n}`).join(' ');
      expect(await ask(words)).toEqual({ hits: [] });
    });
  });

  it('counts the rows that have a word, each owner’s', async () => {
    await store.index(ANN, [...aSession('ses_1', ['zone', 'zone ztwo', 'useZone']), aDocument({ title: 'zone' })]);
    await store.index(BEN, aSession('ses_1', ['zone']));
    const { all } = parseQuery('"zone" "ztwo" "zone ztwo" "zthree" "usezone"');
    expect(await store.counts(ANN, all)).toEqual([4, 1, 1, 0, 1]);
    expect(await store.counts(BEN, all)).toEqual([1, 0, 0, 0, 0]);
    expect(await store.counts({ ...ANN, userId: 'usr_nobody' }, all)).toEqual([0, 0, 0, 0, 0]);
    expect(await store.counts(ANN, [])).toEqual([]);
  });

  it('ends a search whose time is up, and answers the next one', async () => {
    await store.index(ANN, aSession('ses_1', ['zone', 'ztwo zthree']));
    const search = (query: string, until: number) =>
      fullText(store, ANN, { parsed: parseQuery(query), filter: {}, limit: 1, until });
    for (const query of ['zone', 'zone ztwo', 'zone ztwo zother', '"ztwo zthree"']) {
      const late = { code: 'UNAVAILABLE', message: 'the search takes too long; ask for fewer words' };
      await expect(search(query, monotonicMs() - 1)).rejects.toMatchObject(late);
    }
    expect((await search('zone ztwo', monotonicMs() + 600_000)).hits).toHaveLength(1);
  });
}
