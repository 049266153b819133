import fc from 'fast-check';
import type { LogFacts } from '@opensync/event-log';
import { compareWithLog, conditionLine, type StoreFacts } from './condition.ts';

const log: LogFacts = { first: 1, last: 900, given: 900, confirmed: 900, isSameLog: true };
const unmarked: Partial<LogFacts> = { isSameLog: undefined };
const store: StoreFacts = { position: { sequence: 900 }, reach: 900, isEmpty: false };
const nothing: StoreFacts = { position: undefined, reach: 0, isEmpty: true };
const withoutPosition: StoreFacts = { position: undefined, reach: 0, isEmpty: false };
const at = (sequence: number, repair?: string): StoreFacts => ({
  position: { sequence, repair },
  reach: sequence,
  isEmpty: false,
});

describe('a store compared with the log', () => {
  it.each<[what: string, log: Partial<LogFacts>, store: StoreFacts, kind: string]>([
    ['it holds all that it was given', {}, store, 'complete'],
    ['it is a little behind, as after a kill', { given: 905, last: 910 }, store, 'complete'],
    ['it is ahead of what the log recorded of it', { confirmed: 800 }, store, 'complete'],
    ['the record was lost with its bucket', { confirmed: undefined }, store, 'complete'],
    ['its witness was deleted', { isSameLog: undefined }, store, 'complete'],
    [
      'the lost log goes on above it',
      { first: 2e7, last: 2e7 + 5, given: 2e7 + 5, isSameLog: undefined },
      store,
      'complete',
    ],
    ['everything is new', { ...unmarked, last: 0, given: 0, confirmed: undefined }, nothing, 'new'],
    ['the log has events that nobody was given', { ...unmarked, given: 0, confirmed: undefined }, nothing, 'new'],
    ['an earlier version filled it', { ...unmarked, confirmed: undefined }, withoutPosition, 'unmarked'],
    ['only the log was restored', unmarked, nothing, 'missing'],
    [
      'the same, of a log from a version that recorded nothing',
      { ...unmarked, confirmed: undefined },
      nothing,
      'missing',
    ],
    ['the same, with a consumer that begins again', { ...unmarked, given: 0 }, nothing, 'missing'],
    ['an older copy is in its place', {}, at(400), 'older'],
    ['a copy of an earlier version is in its place', unmarked, withoutPosition, 'older'],
    ['an empty copy with a position', unmarked, at(0), 'older'],
    [
      'the record was lost, and the store may be a copy',
      { given: 901, last: 901, confirmed: undefined },
      store,
      'older',
    ],
    ['a repair has not ended', {}, at(400, '900'), 'repairing'],
    ['an older log was restored', { last: 899, given: 899, confirmed: 899, isSameLog: undefined }, store, 'ahead'],
    ['the log lost events that are in the store in part', {}, { ...store, reach: 901 }, 'ahead'],
    ['the log is empty', { last: 0, given: 0, confirmed: undefined, isSameLog: undefined }, store, 'ahead'],
    ['another log was put in its place', { isSameLog: false }, store, 'foreign'],
    ['another log was put in its place before it held anything', { isSameLog: false }, at(0), 'foreign'],
    ['a repair is of another log', { isSameLog: false }, at(4, '9'), 'foreign'],
  ])('if %s', (_what, knows, says, kind) => {
    expect(compareWithLog({ ...log, ...knows }, says).kind).toBe(kind);
  });

  const facts = fc.record({
    first: fc.nat(50),
    last: fc.nat(50),
    given: fc.nat(50),
    confirmed: fc.option(fc.nat(50), { nil: undefined }),
    isSameLog: fc.option(fc.boolean(), { nil: undefined }),
  });
  const position = fc.record({
    sequence: fc.nat(60),
    repair: fc.option(fc.constantFrom('12', 'token'), { nil: undefined }),
  });
  const stores = fc.record({
    position: fc.option(position, { nil: undefined }),
    reach: fc.nat(60),
    isEmpty: fc.boolean(),
  });

  it('is never complete with less than its confirmed position, or with events that the log lacks', () => {
    fc.assert(
      fc.property(facts, stores, (knows, says) => {
        if (compareWithLog(knows, says).kind !== 'complete') return;
        expect(says.position!.sequence).toBeGreaterThanOrEqual(knows.confirmed ?? 0);
        expect(Math.max(says.position!.sequence, says.reach)).toBeLessThanOrEqual(knows.last);
        expect(says.position!.repair).toBeUndefined();
        expect(knows.isSameLog).not.toBe(false);
      }),
    );
  });

  it('has a one-line description exactly if an operator should know about it', () => {
    fc.assert(
      fc.property(facts, stores, (knows, says) => {
        const condition = compareWithLog(knows, says);
        const line = conditionLine(condition);
        expect(line === undefined).toBe(['complete', 'new', 'unmarked'].includes(condition.kind));
        expect(line ?? '').not.toContain('\n');
      }),
    );
  });
});
