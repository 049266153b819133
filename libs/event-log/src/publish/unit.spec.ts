import { takeBatch, type Unit } from './unit.ts';

const NOBODY: ReadonlySet<string> = new Set();
const unit = (owner: string, events: number, bytes = events) =>
  ({ owner, bytes, events: Array.from({ length: events }) }) as unknown as Unit;

describe('takeBatch', () => {
  it('takes all that fit, in their order', () => {
    const queue = [unit('a', 1), unit('b', 2), unit('a', 3)];
    expect(takeBatch(queue, NOBODY)).toEqual({ batch: queue, rest: [] });
  });

  it('serves owners in turn, however much one of them sends', () => {
    const [large, another, small] = [unit('a', 1_000), unit('a', 1_000), unit('b', 1)];
    const first = takeBatch([large, another, small], NOBODY);
    expect(first).toEqual({ batch: [large], rest: [another, small] });
    expect(takeBatch(first.rest, new Set(['a']))).toEqual({ batch: [small], rest: [another] });
  });

  it('fills up with what fits, but never overtakes within an owner', () => {
    const [begun, large, later, other] = [unit('a', 600), unit('a', 600), unit('a', 1), unit('b', 400)];
    expect(takeBatch([begun, large, later, other], NOBODY)).toEqual({ batch: [begun, other], rest: [large, later] });
  });

  it('takes a unit of any size if it is alone, and bounds the bytes of several', () => {
    const [large, small] = [unit('a', 1, 50_000_000), unit('b', 1)];
    expect(takeBatch([large, small], NOBODY)).toEqual({ batch: [large], rest: [small] });
  });
});
