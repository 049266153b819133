import { maySee, readerOf, VISIBILITIES, type Owner, type Reader, type Visibility } from '@opensync/contracts';
import fc from 'fast-check';
import type { SessionFilter } from '../../filters.ts';
import type { VectorDocument, VectorStore } from '../port.ts';

const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
const BEN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ben' };
/** Of another workspace. */
const CID: Owner = { workspaceId: 'wsp_two', userId: 'usr_cid' };

/**
 * What every vector adapter must and must not find of other users' sessions. `aDocument` creates a message with a
 * chunk in each direction, `at` such a direction in degrees.
 */
export function vectorVisibilityConformance(
  open: () => VectorStore,
  aDocument: (given: Partial<VectorDocument> & { degrees?: number[] }) => VectorDocument,
  at: (degrees: number) => Float32Array,
): void {
  let store: VectorStore;
  beforeEach(() => {
    store = open();
  });

  const near = async (reader: Reader, degrees = 0, filter: SessionFilter = {}, limit = 20) => {
    const hits = await store.search(reader, { vector: at(degrees), filter, limit });
    return hits.map(({ sessionId }) => sessionId);
  };

  describe('visibility', () => {
    it("finds a reader's own sessions and those that their workspace shares, nearest first", async () => {
      await store.upsert(ANN, [aDocument({ sessionId: 'ann', degrees: [20] })]);
      await store.upsert(BEN, [
        aDocument({ sessionId: 'ben', degrees: [1] }),
        aDocument({ sessionId: 'shared', degrees: [10], visibility: 'workspace' }),
      ]);
      await store.upsert(CID, [aDocument({ sessionId: 'cid', degrees: [0], visibility: 'workspace' })]);
      expect(await near(readerOf(ANN))).toEqual(['shared', 'ann']);
      expect(await near(readerOf(ANN), 20, {}, 1)).toEqual(['ann']);
      expect(await near(readerOf(BEN))).toEqual(['ben', 'shared']);
      expect(await near(readerOf(CID))).toEqual(['cid']);
      expect(await near(readerOf({ ...ANN, userId: 'usr_new' }))).toEqual(['shared']);
      expect(await near(ANN)).toEqual(['ann']);
      expect(await near(BEN)).toEqual(['ben', 'shared']);
    });

    it('follows a document that becomes shared, and private again, and keeps its vectors', async () => {
      const hashes = { degrees: [5, 50] };
      const document = (version: number, visibility: Visibility) =>
        aDocument({ id: 'm', sessionId: 'ses', version, visibility, ...hashes });
      const kept = (version: number, visibility: Visibility) => ({
        ...document(version, visibility),
        chunks: document(version, visibility).chunks.map(({ hash }) => ({ hash })),
      });
      const seen = async () => [await near(readerOf(ANN)), await near(BEN)];
      await store.upsert(BEN, [document(1, 'private')]);
      expect(await seen()).toEqual([[], ['ses']]);
      await store.upsert(BEN, [kept(2, 'workspace')]);
      expect(await seen()).toEqual([['ses'], ['ses']]);
      const { vectors, ...stored } = (await store.indexed(BEN, ['m'], { vectors: true })).get('m')!;
      expect(stored).toMatchObject({ version: 2, visibility: 'workspace', hashes: ['hash_5', 'hash_50'] });
      expect([vectors![0]![0], vectors![1]![0]]).toEqual([expect.closeTo(at(5)[0]!, 5), expect.closeTo(at(50)[0]!, 5)]);
      await store.upsert(BEN, [kept(1, 'private')]);
      expect(await seen()).toEqual([['ses'], ['ses']]);
      await store.upsert(BEN, [kept(3, 'private')]);
      expect(await seen()).toEqual([[], ['ses']]);
      await store.upsert(BEN, [{ ...kept(4, 'workspace'), chunks: [{ hash: 'hash_50' }] }]);
      expect((await store.search(readerOf(ANN), { vector: at(5), filter: {}, limit: 1 }))[0]!.score).toBeCloseTo(
        Math.cos(Math.PI / 4),
        4,
      );
      expect(await store.remove(BEN, ['ses'])).toBe(1);
      expect(await seen()).toEqual([[], []]);
    });

    it('finds what a plain model says for each reader', async () => {
      const owners = [ANN, BEN, { ...ANN, userId: 'usr_dan' }, CID, { ...CID, userId: ANN.userId }];
      const write = fc.record({
        owner: fc.nat(owners.length - 1),
        name: fc.nat(2),
        visibility: fc.constantFrom(...VISIBILITIES),
        source: fc.constantFrom('codex', 'droid'),
        degrees: fc.uniqueArray(fc.nat(170), { minLength: 1, maxLength: 3 }),
        isRemoved: fc.nat(9).map((n) => n === 0),
      });
      const query = fc.record({
        reader: fc.nat(owners.length - 1),
        isOwn: fc.boolean(),
        degrees: fc.nat(170),
        source: fc.option(fc.constantFrom('codex', 'droid'), { nil: undefined }),
        limit: fc.integer({ min: 1, max: 8 }),
      });
      interface Stored {
        readonly owner: Owner;
        readonly visibility: Visibility;
        readonly source: string;
        readonly degrees: readonly number[];
      }
      const stored = new Map<string, Stored>();
      let version = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(write, { maxLength: 5 }),
          fc.array(query, { minLength: 1, maxLength: 5 }),
          async (writes, queries) => {
            for (const { owner: of, name, isRemoved, ...document } of writes) {
              const owner = owners[of]!;
              const id = `ses_${owner.workspaceId}_${owner.userId}_${name}`;
              version += 1;
              if (isRemoved) {
                await store.remove(owner, [id]);
                stored.delete(id);
                continue;
              }
              stored.set(id, { owner, ...document });
              await store.upsert(owner, [aDocument({ id: `msg_of_${id}`, sessionId: id, version, ...document })]);
            }
            for (const { reader: of, isOwn, degrees, source, limit } of queries) {
              const reader = isOwn ? owners[of]! : readerOf(owners[of]!);
              const distanceOf = (one: Stored) => Math.min(...one.degrees.map((degree) => Math.abs(degree - degrees)));
              const expected = [...stored]
                .filter(([, { owner, visibility }]) => maySee(reader, owner, visibility))
                .filter(([, one]) => source === undefined || one.source === source);
              const hits = await store.search(reader, {
                vector: at(degrees),
                filter: { ...(source && { source }) },
                limit,
              });
              const distances = expected.map(([, one]) => distanceOf(one)).sort((a, b) => a - b);
              // Several may be equally near: by how near they are, and that each is one of those that may be seen.
              expect(hits.map(({ score }) => score)).toEqual(
                distances.slice(0, limit).map((distance) => expect.closeTo(Math.cos((distance * Math.PI) / 180), 4)),
              );
              const byId = new Map(expected);
              for (const { sessionId, score } of hits) {
                expect(score).toBeCloseTo(Math.cos((distanceOf(byId.get(sessionId)!) * Math.PI) / 180), 4);
              }
            }
          },
        ),
        { numRuns: 15 },
      );
    }, 240_000);
  });
}
