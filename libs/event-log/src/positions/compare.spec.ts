import fc from 'fast-check';
import { compareWithLog, conditionLine, type LogFacts, type StoreFacts } from './compare.ts';

const log: LogFacts = { first: 1, last: 900, given: 900, confirmed: 900 };
const store: StoreFacts = { position: { sequence: 900, eventId: 'e900' }, isEmpty: false, eventIdInLog: 'e900' };
const unmarked = { position: undefined, eventIdInLog: undefined };

describe('a store compared with the log', () => {
  it.each<[what: string, log: Partial<LogFacts>, store: Partial<StoreFacts>, kind: string]>([
    ['it holds all that it was given', {}, {}, 'complete'],
    ['it is a little behind, as after a kill', { given: 905, last: 910 }, {}, 'complete'],
    ['it is ahead of what the log recorded of it', { confirmed: 800 }, {}, 'complete'],
    ['the record was lost with its bucket', { confirmed: undefined }, {}, 'complete'],
    ['everything is new', { last: 0, given: 0, confirmed: undefined }, { ...unmarked, isEmpty: true }, 'new'],
    [
      'the log has events that nobody was given',
      { given: 0, confirmed: undefined },
      { ...unmarked, isEmpty: true },
      'new',
    ],
    ['an earlier version filled it', { confirmed: undefined }, { ...unmarked }, 'unmarked'],
    ['only the log was restored', {}, { ...unmarked, isEmpty: true }, 'missing'],
    [
      'the same, of a log from a version that recorded nothing',
      { confirmed: undefined },
      { ...unmarked, isEmpty: true },
      'missing',
    ],
    ['the same, with a consumer that begins again', { given: 0 }, { ...unmarked, isEmpty: true }, 'missing'],
    ['the record was lost, and the store may be a copy', { given: 901, last: 901, confirmed: undefined }, {}, 'older'],
    [
      'an older copy is in its place',
      {},
      { position: { sequence: 400, eventId: 'e400' }, eventIdInLog: 'e400' },
      'older',
    ],
    ['a copy of an earlier version is in its place', {}, { ...unmarked }, 'older'],
    ['an empty copy with a position', {}, { position: { sequence: 0 }, eventIdInLog: undefined }, 'older'],
    [
      'a repair has not ended',
      {},
      { position: { sequence: 400, eventId: 'e400', repair: '900' }, eventIdInLog: 'e400' },
      'repairing',
    ],
    ['an older log was restored', { last: 899, given: 899, confirmed: 899 }, {}, 'ahead'],
    ['the log is empty', { first: 1, last: 0, given: 0, confirmed: undefined }, {}, 'ahead'],
    ['another log was put in its place', {}, { eventIdInLog: 'another' }, 'foreign'],
    [
      'a repair is of another log',
      {},
      { position: { sequence: 4, eventId: 'e4', repair: '9' }, eventIdInLog: 'x' },
      'foreign',
    ],
    ['its event was deleted', {}, { eventIdInLog: undefined }, 'complete'],
    [
      'the lost log goes on above it',
      { first: 20_000_000, last: 20_000_005, given: 20_000_005 },
      { eventIdInLog: undefined },
      'complete',
    ],
  ])('if %s', (_what, knows, says, kind) => {
    expect(compareWithLog({ ...log, ...knows }, { ...store, ...says }).kind).toBe(kind);
  });

  const anything = fc.record({
    first: fc.nat(50),
    last: fc.nat(50),
    given: fc.nat(50),
    confirmed: fc.option(fc.nat(50), { nil: undefined }),
  });
  const position = fc.record({
    sequence: fc.nat(60),
    eventId: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    repair: fc.option(fc.constant('r'), { nil: undefined }),
  });

  it('is never complete with less than it was seen to have, or with events that the log has not', () => {
    fc.assert(
      fc.property(anything, position, fc.boolean(), (facts, at, isEmpty) => {
        const condition = compareWithLog(facts, { position: at, isEmpty, eventIdInLog: at.eventId });
        if (condition.kind !== 'complete') return;
        expect(at.sequence).toBeGreaterThanOrEqual(facts.confirmed ?? 0);
        expect(at.sequence).toBeLessThanOrEqual(facts.last);
        expect(at.repair).toBeUndefined();
      }),
    );
  });

  it('is described in one line exactly if an operator should know of it', () => {
    fc.assert(
      fc.property(
        anything,
        fc.option(position, { nil: undefined }),
        fc.boolean(),
        fc.boolean(),
        (facts, at, isEmpty, same) => {
          const eventIdInLog = same ? at?.eventId : 'another';
          const condition = compareWithLog(facts, { position: at, isEmpty, eventIdInLog });
          const line = conditionLine(condition);
          expect(line === undefined).toBe(['complete', 'new', 'unmarked'].includes(condition.kind));
          expect(line ?? '').not.toContain('\n');
        },
      ),
    );
  });
});
