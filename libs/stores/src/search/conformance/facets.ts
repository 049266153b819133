import { readerOf, type Owner, type Reader } from '@opensync/contracts';
import fc from 'fast-check';
import type { FacetName, SessionFilter } from '../../filters.ts';
import { label, labelsText } from '../../labels.ts';
import { monotonicMs } from '../../monotonic.ts';
import type { FacetCount, FacetQuery, SearchDocument, SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';
import { aDocument, aHeading } from './rows.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };
const CID: Owner = { workspaceId: 'wsp_two', userId: 'usr_cid' };
const OF_SESSIONS: readonly FacetName[] = ['source', 'model', 'provider', 'project', 'tag', 'user', 'evalStatus'];
const NOTHING_HIDDEN = async () => new Set<string>();

/** Counts of facets, for every full-text adapter. */
export function facetsConformance(open: () => Promise<{ store: SearchStore; close: () => Promise<void> }>): void {
  let store: SearchStore;
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ store, close } = await open());
  });
  afterEach(() => close());

  type Asked = Partial<Omit<FacetQuery, 'parsed'>> & { reader?: Reader; hidden?: Parameters<SearchStore['facets']>[2] };
  const count = async (query: string, names: readonly FacetName[], asked: Asked = {}) => {
    const { reader = readerOf(ANN), hidden = NOTHING_HIDDEN, ...rest } = asked;
    const facets = { parsed: parseQuery(query), partly: false, filter: {}, limit: 20, names, ...rest };
    const counts = await store.facets(reader, facets, hidden);
    const shown = (values: readonly FacetCount[]) =>
      Object.fromEntries(values.map(({ value, count: n }) => [value, n]));
    return Object.fromEntries([...counts].map(([name, values]) => [name, shown(values)]));
  };
  /** A session with a message for each text. */
  const session = (id: string, given: Partial<SearchDocument>, ...texts: string[]) => [
    aHeading(id, given),
    ...texts.map((text, n) => aDocument({ ...given, id: `${id}_${n}`, sessionId: id, text })),
  ];
  const labels = (provider: string, ...tags: string[]) =>
    labelsText([label('provider', provider), ...tags.map((tag) => label('tag', tag))]);

  it('count each session that has all words once, in whichever messages', async () => {
    await store.index(ANN, [
      ...session(
        'a',
        { source: 'codex', model: 'gpt', projectName: 'api', labels: labels('openai', 'x', 'y') },
        'needle hay',
        'needle',
      ),
      ...session(
        'b',
        { source: 'codex', model: '', labels: labels('openai', 'x', 'quoted "tag": a') },
        'needle',
        'hay',
      ),
      ...session('c', { source: 'droid', labels: labelsText([label('eval', 'golden')]) }, 'needle hay barn'),
      ...session('d', { source: 'droid' }, 'needle alone'),
    ]);
    expect(await count('needle hay', OF_SESSIONS)).toEqual({
      source: { codex: 2, droid: 1 },
      model: { gpt: 1, opus: 1 },
      provider: { openai: 2 },
      project: { api: 1 },
      tag: { x: 2, y: 1, 'quoted "tag": a': 1 },
      user: { [ANN.userId]: 3 },
      evalStatus: { golden: 1 },
    });
    expect(await count('needle hay -barn', ['source'])).toEqual({ source: { codex: 2 } });
    expect(await count('nothing here', ['source', 'tag'])).toEqual({ source: {}, tag: {} });
    expect(await count('needle hay absent', ['source'], { partly: true })).toEqual({ source: { codex: 2, droid: 1 } });
  });

  it('follow the filters, but not each its own, and show what is selected', async () => {
    await store.index(ANN, [
      ...session('a', { source: 'codex', model: 'gpt', projectName: 'api', projectPath: '/src/api' }, 'needle'),
      ...session('b', { source: 'codex', model: 'opus' }, 'needle'),
      ...session('c', { source: 'droid', model: 'gpt' }, 'needle'),
    ]);
    const filtered = (filter: SessionFilter, limit = 20) => count('needle', ['source', 'model'], { filter, limit });
    expect(await filtered({ source: 'codex' })).toEqual({ source: { codex: 2, droid: 1 }, model: { gpt: 1, opus: 1 } });
    expect(await filtered({ source: 'droid', model: 'opus' })).toEqual({
      source: { codex: 1, droid: 0 },
      model: { gpt: 1, opus: 0 },
    });
    expect(await filtered({ source: 'droid' }, 1)).toEqual({ source: { codex: 2, droid: 1 }, model: { gpt: 1 } });
    expect(await filtered({ source: 'nowhere' })).toEqual({ source: { codex: 2, droid: 1, nowhere: 0 }, model: {} });
    const byPath = await count('needle', ['project'], { filter: { project: '/src/api' } });
    expect(byPath).toEqual({ project: { api: 1, '/src/api': 1 } });
  });

  it('count messages in a search by message, with their roles and tools', async () => {
    const said = (id: string, text: string, ...own: string[]) =>
      aDocument({ id, sessionId: 's', title: 'straw', text, ownLabels: labelsText(own) });
    await store.index(ANN, [
      aHeading('s', { title: 'straw' }),
      said('asked', 'needle straw', 'role:user'),
      said('ran', 'needle', 'role:assistant', 'tool:Bash', 'tool:Read'),
      said('read', 'needle', 'role:assistant', 'tool:Read'),
      said('other', 'hay', 'role:user'),
    ]);
    const names: readonly FacetName[] = ['source', 'role', 'tool'];
    const level = 'message';
    const all = { source: { 'claude-code': 3 }, role: { user: 1, assistant: 2 }, tool: { Read: 2, Bash: 1 } };
    expect(await count('needle', names, { level })).toEqual(all);
    // The word of the title is no word of the message.
    expect(await count('straw', names, { level })).toEqual({
      source: { 'claude-code': 1 },
      role: { user: 1 },
      tool: {},
    });
    expect(await count('needle', names, { level, filter: { tool: 'Bash' } })).toEqual({
      source: { 'claude-code': 1 },
      role: { assistant: 1 },
      tool: { Read: 2, Bash: 1 },
    });
  });

  it('count what the reader may see, and nothing that has become invisible', async () => {
    await store.index(ANN, session('own', { source: 'own' }, 'needle'));
    await store.index(BEN, [
      ...session('private', { source: 'private' }, 'needle'),
      ...session('shared', { source: 'shared', visibility: 'workspace' }, 'needle', 'needle'),
      ...session('late', { source: 'late', visibility: 'workspace' }, 'needle'),
    ]);
    await store.index(CID, session('cid', { source: 'cid', visibility: 'workspace' }, 'needle'));
    const asked: string[] = [];
    const hidden = async (ids: readonly string[]) => {
      asked.push(...ids);
      return new Set(ids.filter((id) => id === 'late'));
    };
    const names: readonly FacetName[] = ['source', 'user'];
    expect(await count('needle', names, { hidden })).toEqual({
      source: { own: 1, shared: 1 },
      user: { [ANN.userId]: 1, [BEN.userId]: 1 },
    });
    // Own sessions need no second look.
    expect(asked.sort()).toEqual(['late', 'shared']);
    expect(await count('needle', ['source'], { hidden, level: 'message' })).toEqual({ source: { own: 1, shared: 2 } });
    expect(await count('needle', ['source'], { reader: ANN })).toEqual({ source: { own: 1 } });
    expect(await count('needle', ['source'], { reader: readerOf(CID) })).toEqual({ source: { cid: 1 } });
  });

  it('end when their time is up', async () => {
    await store.index(ANN, session('a', {}, 'needle'));
    const late = { code: 'UNAVAILABLE', message: 'the search takes too long; ask for fewer words' };
    await expect(count('needle', ['source'], { until: monotonicMs() - 1 })).rejects.toMatchObject(late);
  });

  it('agree with the sessions that a search finds, for any rows', async () => {
    const few = fc.constantFrom('p', 'q', 'r');
    const row = fc.record({
      source: few,
      model: fc.constantFrom('p', 'q', ''),
      tags: fc.uniqueArray(few),
      text: fc.constantFrom('needle', 'hay', 'needle hay'),
      visibility: fc.constantFrom('private' as const, 'workspace' as const),
      owner: fc.constantFrom(ANN, BEN),
    });
    const filters = fc.record({ source: few, model: few, tag: few }, { requiredKeys: [] });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 8 }), filters, fc.boolean(), async (rows, filter, isReader) => {
        // A word of its own for each run.
        const word = `w${run++}`;
        for (const [at, { tags, text, owner, ...given }] of rows.entries())
          await store.index(
            owner,
            session(`${word}_${at}`, { ...given, labels: labels('x', ...tags) }, `${word} ${text}`, text),
          );
        const reader = isReader ? readerOf(ANN) : ANN;
        const query = `${word} needle`;
        const names = ['source', 'model', 'tag'] as const;
        const expected: Record<string, Record<string, number>> = {};
        for (const name of names) {
          const { [name]: selected, ...others } = filter;
          const hits = await store.search(reader, { parsed: parseQuery(query), filter: others, limit: 100 });
          const found = hits.map(({ sessionId }) => rows[Number(sessionId.split('_')[1])]!);
          const counts: Record<string, number> = selected === undefined ? {} : { [selected]: 0 };
          for (const one of found)
            for (const value of name === 'tag' ? one.tags : [one[name]])
              if (value !== '') counts[value] = (counts[value] ?? 0) + 1;
          expected[name] = counts;
        }
        expect(await count(query, names, { reader, filter })).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
}
