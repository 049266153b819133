import { anOwner } from '@opensync/testkit';
import { SearchTurns } from './search-turns.ts';

const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');

describe('SearchTurns', () => {
  it('lets an owner search beside another one who fills their share', async () => {
    const turns = new SearchTurns({ atOnce: 4, ofOwner: 2, waitMs: 60_000 });
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const adas = Array.from({ length: 30 }, () =>
      turns.take(ADA, async () => {
        running++;
        await gate.promise;
        running--;
      }),
    );
    expect(await turns.take(BOB, async () => running)).toBe(2);
    gate.resolve();
    await Promise.all(adas);
    expect(running).toBe(0);
  });

  it('refuses a search that gets no turn in time, and says so', async () => {
    const turns = new SearchTurns({ atOnce: 2, ofOwner: 1, waitMs: 10 });
    const gate = Promise.withResolvers<void>();
    const first = turns.take(ADA, () => gate.promise);
    const refused: unknown = await turns.take(ADA, async () => 'never').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 2 });
    expect(turns.isRefusal(refused)).toBe(true);
    expect(await turns.take(BOB, async () => 'served')).toBe('served');
    gate.resolve();
    await first;
    expect(await turns.take(ADA, async () => 'served')).toBe('served');
  });

  it('refuses at once what would make the queue of an owner too long', async () => {
    const turns = new SearchTurns({ atOnce: 2, ofOwner: 1, waitMs: 60_000 });
    const gate = Promise.withResolvers<void>();
    const searches = Array.from({ length: 100 }, () => turns.take(ADA, () => gate.promise));
    const refused = searches.slice(1 + 32).map((search) => search.catch((error: unknown) => turns.isRefusal(error)));
    expect(new Set(await Promise.all(refused))).toEqual(new Set([true]));
    expect(await turns.take(BOB, async () => 'served')).toBe('served');
    gate.resolve();
    await Promise.all(searches.slice(0, 1 + 32));
  });

  it('gives the turn back when a search fails, which is no refusal', async () => {
    const turns = new SearchTurns({ atOnce: 1, ofOwner: 1, waitMs: 60_000 });
    const failure = new Error('the store is gone');
    for (let n = 0; n < 3; n++) await expect(turns.take(ADA, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(turns.isRefusal(failure)).toBe(false);
  });
});
