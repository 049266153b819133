import { isPreferred, omission, type Candidate, type Omission } from './passage.ts';
import { shinglesOf, similarity } from './shingles.ts';

/** From this similarity on, two texts tell a reader the same. */
const NEARLY_SAME = 0.85;
/** This many equal messages make one session a continuation of another. */
const SHARED_HISTORY = 2;

export interface Distinct {
  readonly kept: readonly Candidate[];
  readonly omitted: readonly Omission[];
}

/**
 * Keeps one of the messages that say the same, with the relevance of the most relevant one. Of copied history that is the
 * original, so that the citation leads to where something was said. Of other duplicates it is the one that {@link isPreferred}.
 * What the caller's session already has is omitted with it, wherever else it was found. Pure; keeps the order.
 */
export function withoutCopies(candidates: readonly Candidate[], excluded: ReadonlySet<string> = new Set()): Distinct {
  const isExcluded = ({ session }: Candidate) => excluded.has(session.id);
  const omitted: Omission[] = [];
  const shares = sharedHistory(candidates);
  const exact = [...Map.groupBy(candidates, ({ fingerprint }) => fingerprint).values()].map((group) => {
    const isCopyOf = (one: Candidate, other: Candidate) =>
      one.session.id !== other.session.id &&
      (one.message.place.createdAt === other.message.place.createdAt || shares(one, other));
    const kept = group.reduce((best, one) => {
      if (isExcluded(best) !== isExcluded(one)) return isExcluded(one) ? one : best;
      if (!isCopyOf(best, one)) return isPreferred(one, best) ? one : best;
      if (best.session.verdict !== one.session.verdict) return one.session.verdict > best.session.verdict ? one : best;
      return one.message.place.sequence < best.message.place.sequence ? one : best;
    });
    for (const one of group) {
      if (one !== kept) omitted.push(omission(one, isCopyOf(one, kept) ? 'copied-history' : 'duplicate', kept));
    }
    return { ...kept, relevance: Math.max(...group.map(({ relevance }) => relevance)) };
  });

  const distinct: { candidate: Candidate; shingles: ReadonlySet<string> }[] = [];
  for (const candidate of exact.toSorted((a, b) => byPreference(a, b, isExcluded))) {
    const shingles = shinglesOf(candidate.message.text);
    const same = distinct.find((one) => similarity(one.shingles, shingles) >= NEARLY_SAME);
    if (same) omitted.push(omission(candidate, 'near-duplicate', same.candidate));
    else distinct.push({ candidate, shingles });
  }
  const kept = new Set(distinct.map(({ candidate }) => candidate));
  omitted.push(...[...kept].filter(isExcluded).map((one) => omission(one, 'excluded-session')));
  return { kept: exact.filter((one) => kept.has(one) && !isExcluded(one)), omitted };
}

function byPreference(a: Candidate, b: Candidate, isExcluded: (one: Candidate) => boolean): number {
  if (isExcluded(a) !== isExcluded(b)) return isExcluded(a) ? -1 : 1;
  if (a.relevance !== b.relevance) return b.relevance - a.relevance;
  return isPreferred(a, b) ? -1 : isPreferred(b, a) ? 1 : 0;
}

/** Whether two candidates' sessions have several messages in common: one of them was resumed or forked from the other. */
function sharedHistory(candidates: readonly Candidate[]): (a: Candidate, b: Candidate) => boolean {
  const sessions = Map.groupBy(candidates, ({ session }) => session.id);
  const prints = new Map([...sessions].map(([id, of]) => [id, new Set(of.map(({ fingerprint }) => fingerprint))]));
  return (a, b) => {
    const [ofA, ofB] = [prints.get(a.session.id)!, prints.get(b.session.id)!];
    return [...ofA].filter((print) => ofB.has(print)).length >= SHARED_HISTORY;
  };
}
