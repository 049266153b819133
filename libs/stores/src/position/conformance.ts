import type { StoreDescription } from '../description.ts';
import type { DocumentStore } from '../documents/port.ts';
import type { Positioned, StorePosition } from './port.ts';

/**
 * Requirements for the position of every store.
 * @param current returns the store under test, which has no position yet
 */
export function positionConformance(current: () => Positioned & { describe(): Promise<StoreDescription> }): void {
  describe('position', () => {
    const first: StorePosition = { sequence: 7, witness: { sequence: 7, id: '019a-first' } };
    const second: StorePosition = {
      sequence: 9_007_199_254_740_991,
      witness: { sequence: 1, id: '019a-second' },
      repair: 'until 12',
    };

    it('is not there at first, and then what was set last', async () => {
      const store = current();
      expect(await store.position()).toBeUndefined();
      expect(await store.setPosition(first, undefined)).toBe(true);
      expect(await store.position()).toEqual(first);
      expect(await store.setPosition(second, first)).toBe(true);
      expect(await store.position()).toEqual(second);
      expect(await store.setPosition({ sequence: 0 }, second)).toBe(true);
      expect(await store.position()).toEqual({ sequence: 0 });
    });

    it('is replaced only by who knows it', async () => {
      const store = current();
      expect(await store.setPosition(second, first)).toBe(false);
      expect(await store.position()).toBeUndefined();
      await store.setPosition(first, undefined);
      expect(await store.setPosition(second, undefined)).toBe(false);
      const { witness, ...withoutWitness } = first;
      for (const other of [
        withoutWitness,
        { ...first, sequence: 8 },
        { ...first, witness: { ...witness!, id: 'x' } },
        { ...first, witness: { ...witness!, sequence: 6 } },
        { ...first, repair: 'x' },
      ]) {
        expect(await store.setPosition(second, other)).toBe(false);
      }
      expect(await store.position()).toEqual(first);
    });

    it('keeps what a later version adds, and is replaced by who has read it', async () => {
      const store = current();
      const later = { zone: 'b', ...first, added: { y: 1, x: [2] } } as StorePosition;
      await store.setPosition(later, undefined);
      const read = await store.position();
      expect(read).toEqual(later);
      expect(await store.setPosition(first, read)).toBe(true);
    });

    it('is not counted among the contents', async () => {
      const store = current();
      const { counts } = await store.describe();
      await store.setPosition(first, undefined);
      expect((await store.describe()).counts).toEqual(counts);
    });

    it('may be set again to what it is', async () => {
      const store = current();
      await store.setPosition(first, undefined);
      expect(await store.setPosition(first, first)).toBe(true);
      expect(await store.position()).toEqual(first);
    });
  });
}

/** @param current returns the store under test, which has no reach yet */
export function reachConformance(current: () => DocumentStore): void {
  describe('reach', () => {
    it('is only ever raised, and apart from the position', async () => {
      const store = current();
      const save = (reach?: number) => store.save({ sessions: [], messages: [], parts: [], reach });
      await save();
      expect(await store.reach()).toBe(0);
      await Promise.all([7, 9, 8].map(save));
      expect(await store.reach()).toBe(9);
      await store.setPosition({ sequence: 3 }, undefined);
      await save(4);
      expect([await store.reach(), await store.position()]).toEqual([9, { sequence: 3 }]);
    });
  });
}
