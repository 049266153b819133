import fc from 'fast-check';
import { CODINGS, codingFor } from './accept-encoding.ts';

it.each([
  [undefined, undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['GZip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['br', 'br'],
  ['zstd', 'zstd'],
  ['gzip, deflate', 'gzip'],
  ['gzip, deflate, br', 'br'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip;q=1.0, br;q=0.5', 'gzip'],
  ['gzip; q=0.2 , br ;q=0.9,zstd;q=0.900', 'zstd'],
  ['br;q=0', undefined],
  ['br;q=0.0, gzip', 'gzip'],
  ['*', 'zstd'],
  ['*;q=0', undefined],
  ['zstd;q=0, *', 'br'],
  ['gzip, *;q=0', 'gzip'],
  ['identity', undefined],
  ['identity, gzip', 'gzip'],
  ['identity;q=1, gzip;q=0.5', undefined],
  ['identity;q=0.1, gzip;q=0.5', 'gzip'],
  ['identity;q=0', undefined],
  ['compress, exi', undefined],
  ['gzip;q=high', undefined],
  ['gzip;q=2', undefined],
  ['gzip;q=0.1234', undefined],
  ['gzip;level=9', undefined],
  [',,;q=1, ,br', 'br'],
])('%j gets %s', (header, coding) => {
  expect(codingFor(header)).toBe(coding);
});

it('never chooses a coding that the client rejects, and always one that it prefers most', () => {
  const quality = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.constantFrom(...CODINGS), quality), { selector: ([name]) => name }),
      (items) => {
        const chosen = codingFor(items.map(([name, q]) => `${name};q=${q.toFixed(3)}`).join(', '));
        const best = Math.max(0, ...items.map(([, q]) => q));
        expect(items.find(([name]) => name === chosen)?.[1] ?? 0).toBe(best);
      },
    ),
  );
});

it('accepts any header', () => {
  fc.assert(fc.property(fc.string(), (header) => expect([...CODINGS, undefined]).toContain(codingFor(header))));
});
