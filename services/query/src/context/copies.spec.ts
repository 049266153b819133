import fc from 'fast-check';
import { withoutCopies } from './copies.ts';
import { shinglesOf, similarity } from './shingles.ts';
import { aCandidate, candidates } from '../testing/candidates.ts';

const LONG =
  'the pool refuses connections because the compose file starts the database after the api container has started';
const idsOf = (some: readonly { message: { id: string } }[]) => some.map(({ message }) => message.id);

describe('withoutCopies', () => {
  it('keeps or omits each candidate once, in their order', () => {
    fc.assert(
      fc.property(candidates, (some) => {
        const { kept, omitted } = withoutCopies(some);
        expect([...idsOf(kept), ...omitted.map(({ messageId }) => messageId)].toSorted()).toEqual(
          idsOf(some).toSorted(),
        );
        const order = new Map(
          some.map(({ message, fingerprint }) => [
            message.id,
            some.findIndex((one) => one.fingerprint === fingerprint),
          ]),
        );
        const places = kept.map(({ message }) => order.get(message.id)!);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
    );
  });

  it('keeps no two texts that are equal or nearly equal', () => {
    fc.assert(
      fc.property(candidates, (some) => {
        const { kept } = withoutCopies(some);
        for (const [at, one] of kept.entries()) {
          for (const other of kept.slice(at + 1)) {
            expect(one.fingerprint).not.toBe(other.fingerprint);
            expect(similarity(shinglesOf(one.message.text), shinglesOf(other.message.text))).toBeLessThan(0.85);
          }
        }
      }),
    );
  });

  it('names for each omission what is kept', () => {
    fc.assert(
      fc.property(candidates, (some) => {
        const { kept, omitted } = withoutCopies(some);
        const known = new Set([...idsOf(kept), ...omitted.map(({ messageId }) => messageId)]);
        for (const { keptMessageId, messageId } of omitted) {
          expect(known).toContain(keptMessageId);
          expect(keptMessageId).not.toBe(messageId);
        }
      }),
    );
  });

  it('keeps nothing of an excluded session, nor anything that the session has', () => {
    fc.assert(
      fc.property(candidates, (some) => {
        const { kept } = withoutCopies(some, new Set(['ses_a']));
        const own = some.filter(({ session }) => session.id === 'ses_a').map(({ fingerprint }) => fingerprint);
        for (const { session, fingerprint } of kept) {
          expect(session.id).not.toBe('ses_a');
          expect(own).not.toContain(fingerprint);
        }
      }),
    );
  });

  it('does not depend on the order of the candidates', () => {
    const distinctPlaces = candidates.map((some) =>
      some.map((one, at) => ({
        ...one,
        message: { ...one.message, place: { createdAt: 1_000 + at, sequence: at } },
      })),
    );
    fc.assert(
      fc.property(distinctPlaces, (some) => {
        const straight = idsOf(withoutCopies(some).kept).toSorted();
        expect(idsOf(withoutCopies(some.toReversed()).kept).toSorted()).toEqual(straight);
      }),
    );
  });

  it('keeps the golden one of equal texts, then the newest', () => {
    const old = aCandidate({ session: 'ses_a', id: 'msg_old', text: LONG, createdAt: 1_000 });
    const golden = aCandidate({ session: 'ses_b', id: 'msg_golden', text: LONG, createdAt: 2_000, verdict: 1 });
    const late = aCandidate({ session: 'ses_c', id: 'msg_late', text: LONG, createdAt: 3_000 });
    expect(idsOf(withoutCopies([old, late]).kept)).toEqual(['msg_late']);
    expect(withoutCopies([old, golden, late]).omitted).toEqual([
      { sessionId: 'ses_a', messageId: 'msg_old', reason: 'duplicate', keptMessageId: 'msg_golden' },
      { sessionId: 'ses_c', messageId: 'msg_late', reason: 'duplicate', keptMessageId: 'msg_golden' },
    ]);
  });

  it('keeps the original of copied history, which has the time of the original', () => {
    const original = aCandidate({ session: 'ses_a', id: 'msg_1', text: LONG, sequence: 5 });
    const copy = aCandidate({ session: 'ses_b', id: 'msg_2', text: LONG, sequence: 90, relevance: 2 });
    const { kept, omitted } = withoutCopies([copy, original]);
    expect(kept).toEqual([{ ...original, relevance: 2 }]);
    expect(omitted).toMatchObject([{ messageId: 'msg_2', reason: 'copied-history', keptMessageId: 'msg_1' }]);
  });

  it('recognises copied history by several messages, if their times are those of the copying', () => {
    const of = (session: string, first: number) =>
      [LONG, 'which order do they need then'].map((text, at) =>
        aCandidate({ session, id: `${session}/${at}`, text, sequence: first + at, createdAt: first + at }),
      );
    const { kept, omitted } = withoutCopies([...of('ses_b', 50), ...of('ses_a', 10)]);
    expect(idsOf(kept)).toEqual(['ses_a/0', 'ses_a/1']);
    expect(omitted.map(({ reason }) => reason)).toEqual(['copied-history', 'copied-history']);
  });

  it('keeps the more relevant one of nearly equal texts', () => {
    const other = aCandidate({ session: 'ses_b', id: 'msg_b', text: `${LONG}, again`, relevance: 2 });
    const { kept, omitted } = withoutCopies([aCandidate({ text: LONG }), other]);
    expect(idsOf(kept)).toEqual(['msg_b']);
    expect(omitted).toMatchObject([{ reason: 'near-duplicate', keptMessageId: 'msg_b' }]);
  });
});

describe('similarity', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 9 }).map((words) => words.join(' '));

  it('is symmetric, from 0 to 1, and 1 for the same words', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [ofA, ofB] = [shinglesOf(a), shinglesOf(b)];
        expect(similarity(ofA, ofB)).toBe(similarity(ofB, ofA));
        expect(similarity(ofA, ofB)).toBeGreaterThanOrEqual(0);
        expect(similarity(ofA, shinglesOf(`${a.toUpperCase()}!`))).toBe(a === '' ? 0 : 1);
      }),
    );
  });
});
