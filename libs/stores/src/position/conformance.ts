import type { StoreDescription } from '../description.ts';
import type { Positioned, StorePosition } from './port.ts';

/**
 * What every store must do with its position.
 * @param current gives the store under test, which was never given a position
 */
export function positionConformance(current: () => Positioned & { describe(): Promise<StoreDescription> }): void {
  describe('position', () => {
    const first: StorePosition = { sequence: 7, eventId: '019a-first' };
    const second: StorePosition = { sequence: 9_007_199_254_740_991, eventId: '019a-second', repair: 'until 12' };

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
      const { eventId: _eventId, ...withoutId } = first;
      for (const other of [
        withoutId,
        { ...first, sequence: 8 },
        { ...first, eventId: 'x' },
        { ...first, repair: 'x' },
      ]) {
        expect(await store.setPosition(second, other)).toBe(false);
      }
      expect(await store.position()).toEqual(first);
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
