import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { LIMIT_MS } from '../testing/running-projections.ts';
import { copyFolder } from '../testing/watched-folder.ts';
import { close, DAMAGES, expectRecovery, LOGS, makeFolders, open, path, STORES } from '../testing/restored-folders.ts';

makeFolders();

describe('a partly restored folder', () => {
  it.each(Object.keys(DAMAGES))(
    'has every store match the log again, after each was: %s',
    async (damage) => {
      await copyFolder(path('newer'), path('x'));
      for (const store of STORES) await DAMAGES[damage]!(store);
      const opened = await expectRecovery();
      expect(opened.watch.notes.map((note) => note.split(':')[0])).toEqual(damage === 'kept' ? [] : STORES);
      await close(opened);
      const again = await open('x');
      expect(again.watch.notes).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'has all stores again, whatever happened to each of them and to the log',
    async () => {
      const anyDamage = fc.constantFrom(...Object.keys(DAMAGES));
      const any = fc.record({
        log: fc.constantFrom(...Object.keys(LOGS)),
        documents: anyDamage,
        search: anyDamage,
        vectors: anyDamage,
      });
      await fc.assert(
        fc.asyncProperty(any, async ({ log, ...damages }) => {
          await copyFolder(path('newer'), path('x'));
          for (const store of STORES) await DAMAGES[damages[store]]!(store);
          await LOGS[log]!();
          await close(await expectRecovery());
          await rm(path('x'), { recursive: true });
        }),
        { numRuns: 6, endOnFailure: true },
      );
    },
    LIMIT_MS,
  );
});
