import { isPreferred, omission, type Candidate, type Omission } from './passage.ts';
import { shinglesOf, similarity } from './shingles.ts';

/** The share of relevance; the rest is the penalty for what the passages before say already. */
const LAMBDA = 0.7;
/** Passages of one session are about one thing, in whatever words. */
const SAME_SESSION = 1;
/** Smaller differences count as equal: swapping two ranks between the sides of a search causes them. */
const EQUAL = 0.003;

/**
 * Maximal marginal relevance (Carbonell, Goldstein 1998) over sessions: best first, where a further passage of a session
 * stands behind comparable ones of other sessions. Candidates of equal worth are ordered by {@link isPreferred}. Pure.
 */
export function diversify(candidates: readonly Candidate[]): Candidate[] {
  const best = Math.max(...candidates.map(({ relevance }) => relevance));
  const open = candidates.map((candidate) => ({
    candidate,
    shingles: shinglesOf(candidate.message.text),
    said: 0,
  }));
  const chosen: Candidate[] = [];
  while (open.length > 0) {
    const worth = ({ candidate, said }: (typeof open)[number]) =>
      LAMBDA * (candidate.relevance / best) - (1 - LAMBDA) * said;
    const most = Math.max(...open.map(worth));
    const equal = open.filter((one) => worth(one) >= most - EQUAL);
    const next = open.indexOf(equal.reduce((a, b) => (isAhead(b.candidate, a.candidate) ? b : a)));
    const [taken] = open.splice(next, 1);
    chosen.push(taken!.candidate);
    for (const one of open) {
      const isSame = one.candidate.session.id === taken!.candidate.session.id;
      one.said = Math.max(one.said, isSame ? SAME_SESSION : similarity(one.shingles, taken!.shingles));
    }
  }
  return chosen;
}

/** Of two candidates of equal worth. Within a session the match decides, since its age says nothing. */
function isAhead(a: Candidate, b: Candidate): boolean {
  return a.session.id === b.session.id ? a.relevance > b.relevance : isPreferred(a, b);
}

/** The candidates of the first `limit` sessions. Pure; keeps the order. */
export function withinSessions(
  candidates: readonly Candidate[],
  limit: number,
): { readonly kept: readonly Candidate[]; readonly omitted: readonly Omission[] } {
  const sessions = new Set([...new Set(candidates.map(({ session }) => session.id))].slice(0, limit));
  const isWithin = ({ session }: Candidate) => sessions.has(session.id);
  return {
    kept: candidates.filter(isWithin),
    omitted: candidates.filter((one) => !isWithin(one)).map((one) => omission(one, 'session-limit')),
  };
}
