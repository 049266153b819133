import fc from 'fast-check';
import { recordOf, type GenerationRecord } from './records.ts';

const entryOf = (value: unknown) => ({
  operation: 'PUT' as const,
  key: 'live.search',
  json: <T>() => JSON.parse(typeof value === 'string' ? value : JSON.stringify(value)) as T,
});

const WHOLE: GenerationRecord = {
  ...{ live: 3, kept: [1], given: 4, model: 'small/2', feed: '2026-01-01T00:00:00Z' },
  rebuild: { generation: 4, position: 7, run: 'ada', fill: 'token' },
  lease: { worker: 'ada', beat: 1 },
  position: { sequence: 5, repair: 'token' },
  fill: { token: 'token', announced: 8 },
};
const OPTIONAL = ['given', 'rebuild', 'lease', 'position', 'model', 'feed', 'fill'] as const;

describe('the record of a store', () => {
  it('round-trips, also without the fields that an earlier version drops', () => {
    expect(recordOf(entryOf(WHOLE))).toEqual(WHOLE);
    expect(recordOf(entryOf({ live: 1, kept: [] }))).toEqual({ live: 1, kept: [] });
    expect(recordOf(null)).toBeUndefined();
  });

  it('is read without its unreadable optional fields, but a fill stays a fill', () => {
    const garbage = fc.constantFrom<unknown>([], -1.5, { worker: 1 }, false, { generation: 'two' }, { token: 5 });
    fc.assert(
      fc.property(fc.subarray([...OPTIONAL], { minLength: 1 }), garbage, (fields, value) => {
        const record = recordOf(entryOf({ ...WHOLE, ...Object.fromEntries(fields.map((name) => [name, value])) }))!;
        expect([record.live, record.kept]).toEqual([3, [1]]);
        for (const name of OPTIONAL) {
          if (!fields.includes(name)) expect(record[name]).toEqual(WHOLE[name]);
          else if (name === 'fill') expect(record.fill).toEqual({ token: expect.any(String) });
          else expect(record[name]).toBeUndefined();
        }
      }),
    );
  });

  it.each<[what: string, value: unknown]>([
    ['is no JSON', 'no JSON'],
    ['is no object', '[]'],
    ['names no generation', { live: 'two', kept: [] }],
    ['does not say which generations are kept', { live: 2, kept: 'all' }],
  ])('is a named, permanent error if it %s', (_what, value) => {
    expect(() => recordOf(entryOf(value))).toThrow(
      expect.objectContaining({
        name: 'UnreadableRecordError',
        retryable: false,
        message: expect.stringContaining('live.search'),
      }),
    );
  });
});
