import fc from 'fast-check';
import { bestAtBothEnds, pack } from './pack.ts';
import { aCandidate, aPassage } from '../testing/candidates.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 30 });
const passagesOf = (of: readonly number[]) =>
  of.map((size, at) => aPassage(aCandidate({ id: `msg_${at}`, text: String(size) })));
const sizeOf = ({ messages }: { messages: readonly { text: string }[] }) => Number(messages[0]!.text);

describe('pack', () => {
  it('stays within the budget, and packs or leaves each passage', () => {
    fc.assert(
      fc.property(sizes, fc.nat(8_000), fc.nat(40), (of, budget, least) => {
        const passages = passagesOf(of);
        const { packed, left, tokens } = pack(passages, budget, (passage, most) => {
          const size = Math.min(sizeOf(passage), most);
          return size < least ? undefined : { passage, tokens: size };
        });
        expect(tokens).toBe(packed.reduce((sum, one) => sum + one.tokens, 0));
        expect(tokens).toBeLessThanOrEqual(budget);
        expect(packed.length + left.length).toBe(passages.length);
        const order = packed.map(({ passage }) => passages.indexOf(passage));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }),
    );
  });

  it('leaves nothing that fits whole', () => {
    fc.assert(
      fc.property(sizes, fc.nat(8_000), (of, budget) => {
        const whole = (passage: ReturnType<typeof aPassage>) => ({ passage, tokens: sizeOf(passage) });
        const { left, tokens } = pack(passagesOf(of), budget, whole);
        for (const passage of left) {
          if (sizeOf(passage) <= 200) expect(sizeOf(passage)).toBeGreaterThan(budget - tokens);
        }
      }),
    );
  });

  it('gives the best passages more than the others, and one alone much', () => {
    const cut = (passage: ReturnType<typeof aPassage>, most: number) => ({
      passage,
      tokens: Math.min(sizeOf(passage), most),
    });
    const used = (n: number) =>
      pack(passagesOf(Array<number>(n).fill(5_000)), 4_000, cut).packed.map(({ tokens }) => tokens);
    expect(used(1)).toEqual([1_200]);
    const many = used(20);
    expect(many.length).toBeGreaterThan(10);
    expect(many).toEqual(many.toSorted((a, b) => b - a));
  });
});

it('puts the best passages at both ends', () => {
  expect(bestAtBothEnds([1, 2, 3, 4, 5])).toEqual([1, 3, 5, 4, 2]);
  fc.assert(
    fc.property(fc.array(fc.nat()), (items) => {
      expect(bestAtBothEnds(items).toSorted()).toEqual(items.toSorted());
      expect(bestAtBothEnds(items)[0]).toBe(items[0]);
      if (items.length > 1) expect(bestAtBothEnds(items).at(-1)).toBe(items[1]);
    }),
  );
});
