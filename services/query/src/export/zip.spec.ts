import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { waitFor } from '@opensync/testkit';
import { zipped, type ArchiveEntry } from './zip.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const MEBIBYTE = 1024 * 1024;

describe('an archive', () => {
  it('keeps next to nothing of its entries while it is made', async () => {
    const count = 3_000;
    let atBegin = 0;
    const held = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    async function* entries(): AsyncGenerator<ArchiveEntry> {
      for (let at = 0; at < count; at++) {
        if (at === 100) atBegin = held();
        yield { name: `sessions/${at}.md`, modifiedAt: 0, content: [`${at} `.repeat(200), 'text'] };
      }
      // Some 20 KiB of each entry would be 60 MiB. The collector gives buffers back in the background.
      await waitFor(() => held() - atBegin < 8 * MEBIBYTE, { what: 'an archive that has let go of its entries' });
    }
    let bytes = 0;
    for await (const piece of zipped(entries())) bytes += piece.length;
    expect(bytes).toBeGreaterThan(count * 100);
  });

  it('fails as one of its entries does, and does not read the next', async () => {
    let reached = 0;
    async function* failing(): AsyncGenerator<string> {
      yield 'beginning';
      throw new Error('the store is away');
    }
    async function* entries(): AsyncGenerator<ArchiveEntry> {
      for (const content of [['whole'], failing(), ['never']]) {
        reached++;
        yield { name: `${reached}.md`, modifiedAt: 0, content };
      }
    }
    await expect(Array.fromAsync(zipped(entries()))).rejects.toThrow('the store is away');
    expect(reached).toBe(2);
  });
});
