import fc from 'fast-check';
import { PositionCodec } from './positions.ts';

const codec = new PositionCodec(() => ['a secret']);
const ours = codec.of('wsp_ours');
const aSequence = fc.nat({ max: Number.MAX_SAFE_INTEGER });

describe('a position', () => {
  it('names the same sequence in every process with the secret, in characters that need no escaping', () => {
    fc.assert(
      fc.property(aSequence, (sequence) => {
        const position = ours.encode(sequence);
        expect(position).toMatch(/^pos_[\w-]{22}$/);
        const other = new PositionCodec(() => ['a secret']).of('wsp_ours');
        expect([other.encode(sequence), other.decode(position)]).toEqual([position, sequence]);
      }),
    );
    for (const sequence of [0, 1, Number.MAX_SAFE_INTEGER]) expect(ours.decode(ours.encode(sequence))).toBe(sequence);
  });

  it('means nothing in another workspace, nor under another secret', () => {
    fc.assert(
      fc.property(aSequence, (sequence) => {
        const position = ours.encode(sequence);
        for (const other of [codec.of('wsp_theirs'), new PositionCodec(() => ['another']).of('wsp_ours')]) {
          expect(other.encode(sequence)).not.toBe(position);
          expect(other.decode(position)).toBeUndefined();
        }
      }),
    );
  });

  it('does not tell which of two writes was later, nor how far they are apart', () => {
    const positions = Array.from({ length: 1_000 }, (_, sequence) => ours.encode(sequence + 1));
    expect(new Set(positions).size).toBe(1_000);
    // Of neighbours, half would be in order by chance: 500, with a standard deviation of 9 for independent pairs.
    const ascending = positions.filter((position, at) => at > 0 && position > positions[at - 1]!).length;
    expect(Math.abs(ascending - 500)).toBeLessThan(100);
    const shared = positions.filter(
      (position, at) => at > 0 && position.slice(0, 8) === positions[at - 1]!.slice(0, 8),
    );
    expect(shared).toEqual([]);
  });

  it('cannot be made up or changed', () => {
    const position = ours.encode(42);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          aSequence.map(String),
          fc.uint8Array({ minLength: 16, maxLength: 16 }).map((all) => `pos_${Buffer.from(all).toString('base64url')}`),
          fc.tuple(fc.nat({ max: position.length - 1 }), fc.constantFrom(...'aZ0_-=')).map(([at, character]) => {
            return position.slice(0, at) + character + position.slice(at + 1);
          }),
        ),
        (made) => {
          if (made !== position) expect(ours.decode(made)).toBeUndefined();
        },
      ),
    );
  });

  it('stays valid when another secret comes first', () => {
    const secrets: [string, ...string[]] = ['former'];
    const changing = new PositionCodec(() => secrets).of('wsp_ours');
    const position = changing.encode(7);
    secrets.unshift('current');
    expect(changing.decode(position)).toBe(7);
    expect(changing.encode(7)).not.toBe(position);
  });
});
