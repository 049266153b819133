import type { Owner, Reader } from '@opensync/contracts';
import type { SessionFilter } from '../../filters.ts';
import { BY_LABELS, LABELLED } from '../../testing/labelled.ts';
import { labelsText } from '../../labels.ts';
import { monotonicMs } from '../../monotonic.ts';
import { positionConformance } from '../../position/conformance.ts';
import { vectorVisibilityConformance } from './visibility.ts';
import type { VectorDocument, VectorStore } from '../port.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };
const DIMENSIONS = 16;
const NO_FILTER: SessionFilter = {};

/** A unit vector `degrees` away from the first axis, in the plane of the first two. */
function at(degrees: number): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
}

let lastId = 0;

/** A message's vectors in a separate session, one chunk at each of `degrees`. */
function aDocument({ degrees = [0], ...given }: Partial<VectorDocument> & { degrees?: number[] }): VectorDocument {
  const id = `msg_${(lastId += 1)}`;
  return {
    id,
    collection: 'messages',
    sessionId: `ses_of_${given.id ?? id}`,
    version: 1,
    chunks: degrees.map((degree) => ({ hash: `hash_${degree}`, vector: at(degree) })),
    source: 'claude-code',
    model: 'opus',
    projectName: '',
    projectPath: '',
    createdAt: 1_000,
    visibility: 'private',
    ...given,
  };
}

/** Required behaviour of every vector adapter. `open` returns an empty store; `close` removes its data. */
export function vectorConformance(
  name: string,
  open: (dimensions: number) => Promise<{ store: VectorStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as a vector store`, () => {
    let store: VectorStore;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ store, close } = await open(DIMENSIONS));
    });
    afterEach(() => close());

    positionConformance(() => store);
    vectorVisibilityConformance(() => store, aDocument, at);

    const near = (degrees: number, options: { owner?: Owner; filter?: SessionFilter; limit?: number } = {}) =>
      store.search(options.owner ?? ANN, {
        vector: at(degrees),
        filter: options.filter ?? NO_FILTER,
        limit: options.limit ?? 20,
      });
    const idsNear = async (...given: Parameters<typeof near>) =>
      (await near(...given)).map(({ messageId, sessionId }) => messageId ?? sessionId);

    it('ends a search whose time is up, and answers the next one', async () => {
      await store.upsert(ANN, [aDocument({})]);
      const search = (until: number) => store.search(ANN, { vector: at(0), filter: NO_FILTER, limit: 1, until });
      const late = { code: 'UNAVAILABLE', message: 'the search takes too long; try again' };
      await expect(search(monotonicMs() - 1)).rejects.toMatchObject(late);
      await expect(search(monotonicMs() + 60_000)).resolves.toHaveLength(1);
    });

    it('returns nearest first, with the cosine', async () => {
      await store.upsert(ANN, [
        aDocument({ id: 'far', degrees: [90] }),
        aDocument({ id: 'near', degrees: [10] }),
        aDocument({ id: 'opposite', degrees: [180] }),
        aDocument({ id: 'same', degrees: [0] }),
      ]);
      const hits = await near(0);
      expect(hits.map(({ messageId }) => messageId)).toEqual(['same', 'near', 'far', 'opposite']);
      const scores = [1, Math.cos(Math.PI / 18), 0, -1];
      for (const [index, score] of scores.entries()) expect(hits[index]!.score).toBeCloseTo(score, 5);
      expect(await idsNear(0, { limit: 2 })).toEqual(['same', 'near']);
    });

    it('has one order of what is equally near, however it was stored', async () => {
      const copies = ['c', 'a', 'd', 'b'].map((name) => aDocument({ id: `m${name}`, sessionId: name, degrees: [10] }));
      await store.upsert(ANN, copies);
      const order = async () => (await near(0)).map(({ sessionId }) => sessionId);
      expect(await order()).toEqual(['a', 'b', 'c', 'd']);
      await store.upsert(ANN, [{ ...copies[1]!, version: 2 }]);
      expect(await order()).toEqual(['a', 'b', 'c', 'd']);
    });

    it('measures angles, not lengths', async () => {
      const long = at(20).map((value) => value * 100);
      await store.upsert(ANN, [
        aDocument({ id: 'long', chunks: [{ hash: 'h', vector: long }] }),
        aDocument({ id: 'short', degrees: [30] }),
      ]);
      const [first] = await near(0);
      expect(first).toMatchObject({ messageId: 'long' });
      expect(first!.score).toBeCloseTo(Math.cos(Math.PI / 9), 5);
    });

    it('returns each session once, by its best chunk', async () => {
      await store.upsert(ANN, [
        aDocument({ id: 'good', sessionId: 's', degrees: [5, 6] }),
        aDocument({ id: 'best', sessionId: 's', degrees: [120, 1, 60] }),
        aDocument({ id: 'other', degrees: [40] }),
      ]);
      expect(await idsNear(0)).toEqual(['best', 'other']);
    });

    it('starves no session, however many nearer chunks another one has', async () => {
      const flood = Array.from({ length: 60 }, (_, n) =>
        aDocument({ sessionId: 'flood', degrees: Array.from({ length: 50 }, (_, k) => 5 + (n * 50 + k) / 3_000) }),
      );
      await store.upsert(ANN, [
        ...flood,
        aDocument({ sessionId: 'other', degrees: [100] }),
        aDocument({ sessionId: 'another', degrees: [110] }),
      ]);
      expect((await near(0)).map(({ sessionId }) => sessionId)).toEqual(['flood', 'other', 'another']);
      expect((await near(0, { limit: 2 })).map(({ sessionId }) => sessionId)).toEqual(['flood', 'other']);
    });

    it('searches messages and sessions; a session that is nearest itself names no message', async () => {
      await store.upsert(ANN, [
        aDocument({ id: 's1', collection: 'sessions', sessionId: 's1', degrees: [10] }),
        aDocument({ id: 'm1', sessionId: 's1', degrees: [50] }),
        aDocument({ id: 's2', collection: 'sessions', sessionId: 's2', degrees: [80] }),
        aDocument({ id: 'm2', sessionId: 's2', degrees: [20] }),
      ]);
      expect(await near(0)).toEqual([
        { sessionId: 's1', hash: 'hash_10', score: expect.any(Number) },
        { sessionId: 's2', messageId: 'm2', hash: 'hash_20', score: expect.any(Number) },
      ]);
    });

    it('returns messages by themselves on request, each by its best chunk, and no sessions', async () => {
      await store.upsert(ANN, [
        aDocument({ id: 's1', collection: 'sessions', sessionId: 's1', degrees: [0] }),
        aDocument({ id: 'a', sessionId: 's1', degrees: [30, 10] }),
        aDocument({ id: 'b', sessionId: 's1', degrees: [40, 20, 60] }),
        aDocument({ id: 'c', sessionId: 's2', degrees: [15], visibility: 'workspace' }),
        aDocument({ id: 'other', sessionId: 's3', degrees: [50], source: 'codex' }),
      ]);
      await store.upsert(BEN, [
        aDocument({ id: 'hidden', sessionId: 's4', degrees: [1] }),
        aDocument({ id: 'shared', sessionId: 's5', degrees: [12], visibility: 'workspace' }),
      ]);
      const messages = async (reader: Reader, limit: number, filter: SessionFilter = NO_FILTER) => {
        const hits = await store.search(reader, { vector: at(0), filter, limit, level: 'message' });
        return hits.map(({ sessionId, messageId, hash }) => [sessionId, messageId, hash]);
      };
      const own = [
        ['s1', 'a', 'hash_10'],
        ['s2', 'c', 'hash_15'],
        ['s1', 'b', 'hash_20'],
        ['s3', 'other', 'hash_50'],
      ];
      expect(await messages(ANN, 20)).toEqual(own);
      expect(await messages(ANN, 3)).toEqual(own.slice(0, 3));
      expect(await messages(ANN, 3, { source: 'codex' })).toEqual(own.slice(3));
      expect(await messages({ ...ANN, sessions: 'visible' }, 20)).toEqual([
        own[0],
        ['s5', 'shared', 'hash_12'],
        ...own.slice(1),
      ]);
    });

    it('applies all filters that are set', async () => {
      await store.upsert(ANN, [
        aDocument({ id: 'a', degrees: [1], projectName: 'gateway', projectPath: '/home/ann/gateway' }),
        aDocument({ id: 'b', degrees: [2], projectPath: '/home/ann/web', source: 'codex', createdAt: 2_000 }),
        aDocument({ id: 'c', degrees: [3], source: 'codex', model: 'sonnet', createdAt: 3_000 }),
      ]);
      const filtered = (filter: SessionFilter) => idsNear(0, { filter });
      expect(await filtered({ source: 'codex' })).toEqual(['b', 'c']);
      expect(await filtered({ model: 'sonnet' })).toEqual(['c']);
      expect(await filtered({ project: 'gateway' })).toEqual(['a']);
      expect(await filtered({ project: '/home/ann/web' })).toEqual(['b']);
      expect(await filtered({ project: '/home/ann' })).toEqual([]);
      await store.upsert(ANN, [
        aDocument({ id: 'composed', degrees: [4], projectName: 'Zo\u00eb', createdAt: 9_000, source: 'droid' }),
      ]);
      expect(await filtered({ project: 'Zoe\u0308' })).toEqual(['composed']);
      expect(await filtered({ from: 2_000, to: 9_000 })).toEqual(['b', 'c']);
      expect(await filtered({ to: 2_000 })).toEqual(['a']);
      expect(await filtered({ source: 'codex', model: 'opus', from: 1_000, to: 3_000 })).toEqual(['b']);
    });

    it('filters by labels, owner and messages', async () => {
      await store.upsert(
        ANN,
        LABELLED.map(({ id, labels }, n) => aDocument({ id, labels, degrees: [n] })),
      );
      await store.upsert(BEN, [aDocument({ id: 'of_ben', degrees: [9], visibility: 'workspace' })]);
      const filtered = (filter: SessionFilter) => idsNear(0, { filter });
      for (const [filter, expected] of BY_LABELS) expect([filter, await filtered(filter)]).toEqual([filter, expected]);
      const reader: Reader = { ...ANN, sessions: 'visible' };
      const ofUser = async (user: string) => {
        const hits = await store.search(reader, { vector: at(0), filter: { user }, limit: 20 });
        return hits.map(({ messageId }) => messageId);
      };
      expect(await ofUser(BEN.userId)).toEqual(['of_ben']);
      expect(await ofUser(ANN.userId)).toEqual(['a', 'b', 'c']);
      await store.upsert(ANN, [
        aDocument({ id: 'asked', sessionId: 's', degrees: [30], ownLabels: labelsText(['role:user']) }),
        aDocument({
          id: 'done',
          sessionId: 's',
          degrees: [40],
          ownLabels: labelsText(['role:assistant', 'tool:Bash']),
        }),
      ]);
      expect(await filtered({ role: 'user' })).toEqual(['asked']);
      expect(await filtered({ tool: 'Bash' })).toEqual(['done']);
      expect(await filtered({ tool: 'Bash', role: 'user' })).toEqual([]);
    });

    it('keeps owners apart, even under equal ids', async () => {
      const shared = { id: 'msg_same', sessionId: 'ses_same' };
      await store.upsert(ANN, [aDocument({ ...shared, version: 9, degrees: [0] })]);
      expect(await near(0, { owner: BEN })).toEqual([]);
      expect(await store.indexed(BEN, ['msg_same'])).toEqual(new Map());
      expect(await store.remove(BEN, ['ses_same'])).toBe(0);

      await store.upsert(BEN, [aDocument({ ...shared, version: 1, degrees: [60] })]);
      expect((await near(0))[0]!.score).toBeCloseTo(1, 5);
      expect((await near(0, { owner: BEN }))[0]!.score).toBeCloseTo(0.5, 5);

      expect(await store.remove(BEN, ['ses_same'])).toBe(1);
      expect(await near(0, { owner: BEN })).toEqual([]);
      expect(await idsNear(0)).toEqual(['msg_same']);
      expect((await store.indexed(ANN, ['msg_same'])).get('msg_same')?.version).toBe(9);
    });

    it('never lets an older version overwrite a newer one; an equal one may', async () => {
      const row = { id: 'm', sessionId: 's' };
      const score = async () => (await near(0))[0]!.score;
      await store.upsert(ANN, [aDocument({ ...row, version: 5, degrees: [60] })]);
      await store.upsert(ANN, [aDocument({ ...row, version: 4, degrees: [0] })]);
      expect(await score()).toBeCloseTo(0.5, 5);
      await store.upsert(ANN, [aDocument({ ...row, version: 5, degrees: [90] })]);
      expect(await score()).toBeCloseTo(0, 5);
      await store.upsert(ANN, [
        aDocument({ ...row, version: 7, degrees: [180] }),
        aDocument({ ...row, version: 6, degrees: [0] }),
      ]);
      expect(await score()).toBeCloseTo(-1, 5);
    });

    it('keeps the vectors of unchanged chunks, wherever they moved', async () => {
      const row = { id: 'm', sessionId: 's' };
      await store.upsert(ANN, [aDocument({ ...row, version: 1, degrees: [0, 90, 180] })]);
      await store.upsert(ANN, [
        aDocument({
          ...row,
          version: 2,
          chunks: [{ hash: 'hash_180' }, { hash: 'hash_90' }, { hash: 'new', vector: at(45) }, { hash: 'hash_180' }],
        }),
      ]);
      expect((await store.indexed(ANN, ['m'])).get('m')?.hashes).toEqual(['hash_180', 'hash_90', 'new', 'hash_180']);
      for (const [degrees, nearest] of [
        [180, 1],
        [90, 1],
        [45, 1],
        [0, Math.SQRT1_2],
      ] as const) {
        expect((await near(degrees))[0]!.score).toBeCloseTo(nearest, 5);
      }
    });

    it('rejects keeping a vector that is not stored, for a retry, and writes the other documents', async () => {
      await store.upsert(ANN, [aDocument({ id: 'm', sessionId: 's', version: 1, degrees: [0] })]);
      const lost = aDocument({ id: 'm', sessionId: 's', version: 2, chunks: [{ hash: 'hash_0' }, { hash: 'lost' }] });
      await expect(store.upsert(ANN, [lost, aDocument({ id: 'other' })])).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
      const stored = await store.indexed(ANN, ['m', 'other']);
      expect(stored.get('m')).toMatchObject({ version: 1, hashes: ['hash_0'] });
      expect(stored.get('other')).toMatchObject({ version: 1 });
    });

    it('keeps documents without chunks as indexed, and finds nothing in them', async () => {
      await store.upsert(ANN, [aDocument({ id: 'm', sessionId: 's', version: 1, degrees: [0, 10] })]);
      await store.upsert(ANN, [aDocument({ id: 'm', sessionId: 's', version: 2, chunks: [] })]);
      expect(await near(0)).toEqual([]);
      expect((await store.indexed(ANN, ['m'])).get('m')).toMatchObject({ version: 2, hashes: [] });
      expect(await store.remove(ANN, ['s'])).toBe(1);
    });

    it('reports whether a session has a document with an event from before a sequence', async () => {
      const row = (id: string, firstSequence?: number) =>
        aDocument({ id, sessionId: 's', degrees: [0, 90], ...(firstSequence !== undefined && { firstSequence }) });
      const before = (sequence: number, owner = ANN, sessionId = 's') => store.hasBefore(owner, sessionId, sequence);
      expect(await before(1_000)).toBe(false);
      await store.upsert(ANN, [
        aDocument({ id: 's', collection: 'sessions', sessionId: 's', firstSequence: 30 }),
        row('early', 10),
        { ...row('late', 20), chunks: [] },
        aDocument({ id: 'other', collection: 'sessions', sessionId: 'other', firstSequence: 1, chunks: [] }),
      ]);
      await store.upsert(BEN, [aDocument({ id: 'early', sessionId: 's', firstSequence: 2 })]);
      expect([await before(10), await before(11), await before(1_000)]).toEqual([false, true, true]);
      expect([await before(2, BEN), await before(3, BEN)]).toEqual([false, true]);
      expect([await before(2, ANN, 'other'), await before(2, ANN, 'unknown')]).toEqual([true, false]);

      await store.upsert(ANN, [{ ...row('early', 15), version: 2, visibility: 'workspace' }]);
      expect([await before(15), await before(16)]).toEqual([false, true]);
      await store.remove(ANN, ['s']);
      expect(await before(1_000)).toBe(false);
      await store.upsert(ANN, [{ ...row('late', 40), chunks: [] }]);
      expect([await before(40), await before(41)]).toEqual([false, true]);
      // A document without a first sequence may be from before any.
      await store.upsert(ANN, [row('unknown')]);
      expect(await before(1)).toBe(true);
      const known = (sequence: number) => store.hasBefore(ANN, 's', sequence, { unknown: false });
      expect([await known(40), await known(41)]).toEqual([false, true]);
    });

    it('accepts a lower version of what was removed', async () => {
      await store.upsert(ANN, [aDocument({ id: 'm', version: 9, degrees: [0, 90] })]);
      expect(await store.remove(ANN, ['ses_of_m'])).toBe(1);
      await store.upsert(ANN, [aDocument({ id: 'm', version: 3, degrees: [45] })]);
      expect((await store.indexed(ANN, ['m'])).get('m')).toMatchObject({ version: 3, hashes: ['hash_45'] });
    });

    it('returns what is stored for each id', async () => {
      const heading = {
        projectName: 'p',
        projectPath: '/p',
        source: 'codex',
        model: 'o3',
        createdAt: 1_764_000_000_123,
        visibility: 'workspace' as const,
        labels: labelsText(['tag:b', 'provider:openai']),
      };
      await store.upsert(ANN, [aDocument({ id: 'm', version: 3, headingVersion: 2, degrees: [0, 9], ...heading })]);
      const stored = {
        ...heading,
        sessionId: 'ses_of_m',
        version: 3,
        headingVersion: 2,
        omitted: 0,
        hashes: ['hash_0', 'hash_9'],
      };
      expect(await store.indexed(ANN, ['m', 'unknown'])).toEqual(new Map([['m', stored]]));
      expect(await store.indexed(ANN, ['m', 'unknown'], { hashes: false })).toEqual(
        new Map([['m', { ...stored, hashes: [] }]]),
      );
    });

    it('returns how many chunks of a long text have no vector, until it becomes shorter', async () => {
      await store.upsert(ANN, [aDocument({ id: 'm', version: 1, degrees: [0, 9], omitted: 700 })]);
      expect((await store.indexed(ANN, ['m'])).get('m')).toMatchObject({ omitted: 700 });
      await store.upsert(ANN, [aDocument({ id: 'm', version: 2, degrees: [0] })]);
      expect((await store.indexed(ANN, ['m'])).get('m')).toMatchObject({ omitted: 0 });
    });

    it('returns the vectors, to copy them elsewhere, on request', async () => {
      await store.upsert(ANN, [aDocument({ id: 'm', degrees: [0, 90, 0] }), aDocument({ id: 'empty', chunks: [] })]);
      const stored = await store.indexed(ANN, ['m', 'empty'], { vectors: true });
      expect(stored.get('empty')).toMatchObject({ hashes: [], vectors: [] });
      const { hashes, vectors } = stored.get('m')!;
      expect(hashes).toEqual(['hash_0', 'hash_90', 'hash_0']);
      for (const [position, degrees] of [0, 90, 0].entries()) {
        expect([...vectors![position]!].map((value) => value.toFixed(5))).toEqual(
          [...at(degrees)].map((value) => value.toFixed(5)),
        );
      }
    });

    it('removes whole sessions and counts their documents', async () => {
      await store.upsert(ANN, [
        aDocument({ id: 's1', collection: 'sessions', sessionId: 's1', chunks: [] }),
        aDocument({ id: 'a', sessionId: 's1', degrees: [0, 1, 2] }),
        aDocument({ id: 'b', sessionId: 's2' }),
      ]);
      expect(await store.remove(ANN, ['s1', 'unknown'])).toBe(2);
      expect(await idsNear(0)).toEqual(['b']);
      expect(await store.indexed(ANN, ['s1', 'a'])).toEqual(new Map());
      expect(await store.remove(ANN, ['s1', 's2'])).toBe(1);
      expect(await near(0)).toEqual([]);
      expect((await store.describe()).counts).toEqual({ sessions: 0, messages: 0, chunks: 0 });
    });

    it('reports documents that it will never accept, and writes all others', async () => {
      const impossible = (id: string) => aDocument({ id, chunks: [{ hash: 'h', vector: at(Number.NaN) }] });
      const good = Array.from({ length: 5 }, (_, n) => aDocument({ id: `good_${n}`, degrees: [n] }));
      const refused = await store.upsert(ANN, [good[0]!, impossible('one'), ...good.slice(1), impossible('two')]);
      expect(refused).toEqual([
        { id: 'one', reason: expect.stringContaining('not a number') },
        { id: 'two', reason: expect.stringContaining('not a number') },
      ]);
      expect(await idsNear(0)).toEqual(good.map(({ id }) => id));
      expect(await store.upsert(ANN, [aDocument({ id: 'one', degrees: [90] })])).toEqual([]);
      expect(await idsNear(90, { limit: 1 })).toEqual(['one']);
    });

    it('names the wrong dimensions', async () => {
      const short = { hash: 'h', vector: new Float32Array(8) };
      await expect(store.upsert(ANN, [aDocument({ chunks: [short] })])).rejects.toThrow(/8 dimensions.*16/);
      await expect(store.search(ANN, { vector: short.vector, filter: NO_FILTER, limit: 1 })).rejects.toThrow(
        /8 dimensions.*16/,
      );
    });

    it('never returns a vector that cannot be normalized', async () => {
      const none = new Float32Array(DIMENSIONS);
      await store.upsert(ANN, [
        aDocument({ id: 'none', chunks: [{ hash: 'none', vector: none }] }),
        aDocument({ id: 'some', degrees: [80] }),
      ]);
      expect(await idsNear(0)).toEqual(['some']);
      expect(await store.search(ANN, { vector: none, filter: NO_FILTER, limit: 5 })).toEqual([]);
    });

    it('describes itself', async () => {
      await store.upsert(ANN, [
        aDocument({ id: 's', collection: 'sessions', sessionId: 's' }),
        aDocument({ sessionId: 's', degrees: [0, 1] }),
      ]);
      await store.upsert(BEN, [aDocument({})]);
      expect((await store.describe()).counts).toEqual({ sessions: 1, messages: 2, chunks: 4 });
    });
  });
}
