import fc from 'fast-check';
import { diversify, withinSessions } from './diversify.ts';
import { aCandidate, candidates } from '../testing/candidates.ts';

const idsOf = (some: readonly { message: { id: string } }[]) => some.map(({ message }) => message.id);

describe('diversify', () => {
  it('returns each candidate once, the most relevant first', () => {
    fc.assert(
      fc.property(candidates, (some) => {
        const ordered = diversify(some);
        expect(idsOf(ordered).toSorted()).toEqual(idsOf(some).toSorted());
        if (some.length === 0) return;
        expect(ordered[0]!.relevance).toBe(Math.max(...some.map(({ relevance }) => relevance)));
      }),
    );
  });

  it('orders a session’s passages by relevance', () => {
    const distinct = candidates.map((some) => some.map((one, at) => ({ ...one, relevance: (1 + at) / 61 })));
    fc.assert(
      fc.property(distinct, (some) => {
        for (const of of Map.groupBy(diversify(some), ({ session }) => session.id).values()) {
          const rest = of.slice(1).map(({ relevance }) => relevance);
          expect(rest).toEqual(rest.toSorted((a, b) => b - a));
        }
      }),
    );
  });

  it('puts a comparable passage of another session before a further one of the same session', () => {
    const some = [
      aCandidate({ session: 'ses_a', id: 'msg_1', text: 'one thing', relevance: 1 }),
      aCandidate({ session: 'ses_a', id: 'msg_2', text: 'quite another', relevance: 0.95 }),
      aCandidate({ session: 'ses_b', id: 'msg_3', text: 'the third', relevance: 0.6 }),
      aCandidate({ session: 'ses_c', id: 'msg_4', text: 'hardly related', relevance: 0.1 }),
    ];
    expect(idsOf(diversify(some))).toEqual(['msg_1', 'msg_3', 'msg_2', 'msg_4']);
  });

  it('prefers golden sessions among equally relevant ones, then the newest, and incorrect ones last', () => {
    const some = [
      aCandidate({ session: 'ses_a', id: 'wrong', text: 'a', verdict: -1, createdAt: 9_000 }),
      aCandidate({ session: 'ses_b', id: 'old', text: 'b', createdAt: 1_000 }),
      aCandidate({ session: 'ses_c', id: 'new', text: 'c', createdAt: 2_000 }),
      aCandidate({ session: 'ses_d', id: 'golden', text: 'd', verdict: 1, createdAt: 500 }),
      aCandidate({ session: 'ses_e', id: 'best', text: 'e', verdict: -1, createdAt: 1, relevance: 1.1 }),
    ];
    expect(idsOf(diversify(some))).toEqual(['best', 'golden', 'new', 'old', 'wrong']);
  });
});

describe('withinSessions', () => {
  it('keeps the candidates of the first sessions', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 1, max: 5 }), (some, limit) => {
        const { kept, omitted } = withinSessions(some, limit);
        expect(new Set(kept.map(({ session }) => session.id)).size).toBeLessThanOrEqual(limit);
        expect(kept.length + omitted.length).toBe(some.length);
        expect(omitted.every(({ reason }) => reason === 'session-limit')).toBe(true);
        const sessions = kept.map(({ session }) => session.id);
        expect(omitted.some(({ sessionId }) => sessions.includes(sessionId))).toBe(false);
      }),
    );
  });
});
