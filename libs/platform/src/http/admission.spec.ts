import fc from 'fast-check';
import { Admission, type Place, type WriteClass } from './admission.ts';

const FROM = 256;

function world(from = FROM) {
  const clock = { now: 0 };
  const changes: boolean[] = [];
  const admission = new Admission({ from, now: () => clock.now, onChange: (isShedding) => changes.push(isShedding) });
  return { clock, changes, admission };
}

/** So many at once, again and again, that each wait so long; until some have been turned away, or for ten seconds. */
function occupy(
  { clock, admission }: ReturnType<typeof world>,
  count: number,
  waitMs: number,
  kind: WriteClass = 'event',
) {
  for (let rounds = 0; rounds * waitMs < 10_000; rounds++) {
    const places = Array.from({ length: count }, () => admission.enter('key', kind));
    clock.now += waitMs;
    for (const place of places) place?.leave(true);
    if (places.includes(undefined)) return true;
  }
  return false;
}

interface Offer {
  /** Events and batches a second. */
  readonly rates: Readonly<Record<WriteClass, number>>;
  readonly seconds: number;
}
interface Answered {
  readonly kind: WriteClass;
  readonly at: number;
  readonly waitMs: number;
}

/** A process that does one thing after the other, and a log that takes some time beside that. */
const COST_MS: Readonly<Record<WriteClass, number>> = { event: 0.2, batch: 4 };
const LOG_MS = 5;

/** Writes that arrive at fixed rates, whether earlier ones are answered or not. */
function offer({ clock, admission }: ReturnType<typeof world>, { rates, seconds }: Offer) {
  const answered: Answered[] = [];
  const refused: { readonly kind: WriteClass; readonly at: number }[] = [];
  const inProgress: {
    readonly place: Place;
    readonly kind: WriteClass;
    readonly from: number;
    readonly until: number;
  }[] = [];
  let freeAt = clock.now;
  const start = clock.now;
  const arrivals = (Object.keys(rates) as WriteClass[])
    .flatMap((kind) =>
      Array.from({ length: rates[kind] * seconds }, (_, n) => ({ kind, at: start + (n * 1_000) / rates[kind] })),
    )
    .toSorted((a, b) => a.at - b.at);
  const answerUntil = (time: number) => {
    while (inProgress.length > 0 && inProgress[0]!.until <= time) {
      const { place, kind, from, until } = inProgress.shift()!;
      clock.now = until;
      place.leave(true);
      answered.push({ kind, at: from - start, waitMs: until - from });
    }
  };
  for (const [n, { kind, at }] of arrivals.entries()) {
    answerUntil(at);
    clock.now = at;
    const place = admission.enter(`key-${n % 10}`, kind);
    if (!place) refused.push({ kind, at: at - start });
    else {
      freeAt = Math.max(freeAt, at) + COST_MS[kind];
      inProgress.push({ place, kind, from: at, until: freeAt + LOG_MS });
    }
  }
  answerUntil(Infinity);
  return { answered, refused };
}

const share = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]!;
const of = <Entry extends { kind: WriteClass; at: number }>(entries: readonly Entry[], kind: WriteClass, afterMs = 0) =>
  entries.filter((entry) => entry.kind === kind && entry.at >= afterMs);

describe('the admission of writes', () => {
  it('refuses nothing while no more than the setting are in progress, however long they wait and whatever comes', () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }), more: fc.integer({ min: 0, max: FROM }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, isBatch) => {
        const { clock, admission } = world();
        const places: Place[] = [];
        for (const { waitMs, more } of steps) {
          while (places.length < more) {
            const place = admission.enter('key', isBatch ? 'batch' : 'event');
            expect(place).toBeDefined();
            places.push(place!);
          }
          clock.now += waitMs;
          for (const place of places.splice(0, more)) place.leave(true);
        }
      }),
    );
  });

  it('refuses nothing of what is many but fast, or slow for a moment', () => {
    expect(occupy(world(), 5_000, 90)).toBe(false);
    const burst = world();
    const { answered, refused } = offer(burst, { rates: { event: 15_000, batch: 0 }, seconds: 0.2 });
    expect(refused).toEqual([]);
    expect(Math.max(...answered.map(({ waitMs }) => waitMs))).toBeGreaterThan(300);
  });

  it('refuses what is many and slow for half a second, and is told about that once', () => {
    const some = world();
    expect(occupy(some, FROM + 1, 150)).toBe(true);
    expect(some.changes).toEqual([true]);
  });

  it('takes a log that does not answer for no overload, nor the answers of a minute that come together', () => {
    const { clock, admission, changes } = world();
    for (let outage = 0; outage < 5; outage++) {
      const places: Place[] = [];
      for (let second = 0; second < 5; second++) {
        for (let n = 0; n < 200; n++) places.push(admission.enter('key', 'event')!);
        clock.now += 1_000;
      }
      for (const [n, place] of places.entries()) place.leave(n % 2 === 0);
    }
    expect(changes).toEqual([]);
  });

  it('counts neither the time of a body nor what failed', () => {
    const { clock, admission, changes } = world();
    for (let round = 0; round < 20; round++) {
      const places = Array.from({ length: 2 * FROM }, () => admission.enter('key', 'event')!);
      for (const place of places) place.pause();
      expect(admission.inProgress('event')).toBe(0);
      clock.now += 500;
      for (const place of places) place.resume();
      clock.now += 10;
      for (const [n, place] of places.entries()) place.leave(n % 2 === 0);
    }
    for (let round = 0; round < 20; round++) {
      const places = Array.from({ length: 2 * FROM }, () => admission.enter('key', 'event')!);
      clock.now += 500;
      for (const place of places) place.leave(false);
    }
    expect(changes).toEqual([]);
  });

  it('counts each write once, whatever its end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('pause', 'resume', 'leave'), { maxLength: 8 }), (acts) => {
        const { admission } = world();
        const place = admission.enter('key', 'event')!;
        for (const act of acts) {
          place[act](true);
          if (act === 'leave') break;
        }
        place.leave(true);
        place.leave(true);
        expect(admission.inProgress('event')).toBe(0);
      }),
    );
  });

  // A sustainable load: 2,500 events a second take half of the time, and 125 batches the other half.
  const OVERLOAD: Offer = { rates: { event: 7_500, batch: 375 }, seconds: 20 };

  it('keeps waits near the usual ones at three times what can be done, and does nearly as much as without limits', () => {
    const some = world();
    offer(some, { rates: { event: 50, batch: 0 }, seconds: 10 });
    const { answered, refused } = offer(some, OVERLOAD);
    const settled = of(answered, 'event', 3_000);
    expect(
      share(
        settled.map(({ waitMs }) => waitMs),
        0.99,
      ),
    ).toBeLessThan(3 * (LOG_MS + COST_MS.event + COST_MS.batch));
    // Of the 5,000 events a second that can be done if there is no batch.
    expect(settled.length / 17).toBeGreaterThan(3_500);
    expect(of(refused, 'batch').length / (375 * 20)).toBeGreaterThan(of(refused, 'event').length / (7_500 * 20));
    expect(answered.length + refused.length).toBe((7_500 + 375) * 20);
  });

  it('turns only batches away if that is enough', () => {
    const some = world();
    offer(some, { rates: { event: 50, batch: 0 }, seconds: 10 });
    const { refused } = offer(some, { rates: { event: 2_500, batch: 500 }, seconds: 20 });
    expect(of(refused, 'batch', 5_000).length).toBeGreaterThan(4_000);
    expect(of(refused, 'event', 5_000).length / (2_500 * 15)).toBeLessThan(0.02);
  });

  it('takes everything again once less is sent', () => {
    const some = world();
    offer(some, OVERLOAD);
    expect(some.admission.limit('event')).toBeDefined();
    const { refused } = offer(some, { rates: { event: 500, batch: 25 }, seconds: 20 });
    expect(refused.filter(({ at }) => at > 10_000)).toEqual([]);
    expect(some.changes).toEqual([true, false]);
    expect(some.admission.limit('event')).toBeUndefined();
  });

  it('takes more again if the log itself has become slow, as fewer writes do not make it faster', () => {
    const some = world(1);
    offer(some, { rates: { event: 50, batch: 0 }, seconds: 5 });
    expect(occupy(some, 300, 150)).toBe(true);
    const { admission, clock } = some;
    for (let round = 0; round < 300; round++) {
      const places = Array.from({ length: 300 }, () => admission.enter('key', 'event'));
      clock.now += 150;
      for (const place of places) place?.leave(true);
    }
    expect(admission.limit('event') ?? Infinity).toBeGreaterThan(200);
  });

  it('keeps a share for each key', () => {
    const some = world();
    const { admission, clock } = some;
    expect(occupy(some, 2 * FROM, 150)).toBe(true);
    clock.now += 100;
    const fromOne = Array.from({ length: 1_000 }, () => admission.enter('greedy', 'event'));
    expect(fromOne.at(-1)).toBeUndefined();
    expect(admission.enter('modest', 'event')).toBeDefined();
    expect(admission.enter('greedy', 'event')).toBeUndefined();
    expect(admission.enter('modest', 'event')).toBeDefined();
  });
});
