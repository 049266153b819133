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

describe('a position of a message', () => {
  const places = ours.places('ses_1');
  const aPlace = fc.record({ createdAt: aSequence, sequence: aSequence });

  it('names the same place in every process with the secret, alone and among others', () => {
    fc.assert(
      fc.property(fc.array(aPlace, { minLength: 1, maxLength: 5 }), (all) => {
        const positions = places.encode(all);
        for (const position of positions) expect(position).toMatch(/^mps_[\w-]{22}$/);
        expect(positions.map((position) => places.decode(position))).toEqual(all);
        const other = new PositionCodec(() => ['another', 'a secret']).of('wsp_ours').places('ses_1');
        expect(other.decode(positions[0]!)).toEqual(all[0]);
        expect(places.encode(all.slice(0, 1))).toEqual(positions.slice(0, 1));
      }),
    );
    expect(places.encode([])).toEqual([]);
  });

  it('means nothing in another session or workspace, nor as a position of the log', () => {
    // One of four million made-up blocks is a place.
    const found = Array.from({ length: 1_000 }, (_, n) => places.encode([{ createdAt: n, sequence: n }])[0]!);
    for (const other of [ours.places('ses_2'), codec.of('wsp_theirs').places('ses_1')]) {
      expect(found.filter((position) => other.decode(position)).length).toBeLessThan(5);
    }
    for (const position of found) {
      expect(ours.decode(position)).toBeUndefined();
      expect(ours.decode(position.replace('mps_', 'pos_'))).toBeUndefined();
    }
    const writes = found.map((_, n) => ours.encode(n).replace('pos_', 'mps_'));
    expect(writes.filter((position) => places.decode(position)).length).toBeLessThan(5);
  });

  it('does not tell which of two messages arrived later', () => {
    const positions = places.encode(
      Array.from({ length: 1_000 }, (_, sequence) => ({ createdAt: 1_767_225_600_000, sequence })),
    );
    expect(new Set(positions.map((position) => position.slice(0, 12))).size).toBe(1_000);
  });
});
