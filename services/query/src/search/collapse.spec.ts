import type { FilledHit } from './fill-hits.ts';
import { DistinctHits } from './collapse.ts';

const LONG =
  'The pool is exhausted because a transaction stays open while the handler waits for the payment provider, which takes nine seconds';

const hit = (sessionId: string, text: string): FilledHit =>
  ({
    key: sessionId,
    score: 1,
    foundBy: ['fulltext'],
    session: { id: sessionId },
    excerpt: { text, highlights: [] },
  }) as never;

function distinct(...hits: FilledHit[]) {
  const all = new DistinctHits();
  for (const one of hits) all.add(one);
  return all.hits().map(({ key, copies }) => ({ key, ...(copies && { copies }) }));
}

describe('DistinctHits', () => {
  it('counts what says nearly the same for the best of it', () => {
    expect(
      distinct(hit('a', LONG), hit('b', `${LONG}!`), hit('c', 'Another matter'), hit('d', LONG.toUpperCase())),
    ).toEqual([{ key: 'a', copies: { count: 2, sessionIds: ['b', 'd'] } }, { key: 'c' }]);
  });

  it('shows short texts each time, since they are about something else', () => {
    expect(distinct(hit('a', 'Please fix the tests'), hit('b', 'Please fix the tests'))).toHaveLength(2);
  });

  it('shows what differs in a number, such as two runs of a job', () => {
    const run = (number: number) => `${LONG}, and so on for the rest of the log of run ${number}`;
    expect(distinct(hit('a', run(17)), hit('b', run(18)))).toHaveLength(2);
  });

  it('shows what differs in more than a few words', () => {
    const other = LONG.replace(
      'payment provider, which takes nine seconds',
      'lock of a report that nobody reads any more',
    );
    expect(distinct(hit('a', LONG), hit('b', other))).toHaveLength(2);
  });

  it('names other sessions only, each once and not too many', () => {
    const many = Array.from({ length: 30 }, (_, at) => hit(`s${at}`, LONG));
    const [first] = distinct(hit('a', LONG), hit('a', LONG), ...many, hit('s1', LONG));
    expect(first!.copies!.count).toBe(32);
    expect(first!.copies!.sessionIds).toEqual(many.slice(0, 20).map(({ key }) => key));
  });
});
