import fc from 'fast-check';
import type { Candidate, Passage } from '../context/passage.ts';

/** A candidate with these values and usual ones for the rest. */
export function aCandidate({
  session = 'ses_a',
  id = 'msg_a',
  text = 'some text',
  relevance = 1,
  verdict = 0,
  createdAt = 1_000,
  sequence = 1,
  role = 'user',
  fingerprint = `${role} ${text}`,
}: {
  session?: string;
  id?: string;
  text?: string;
  relevance?: number;
  verdict?: -1 | 0 | 1;
  createdAt?: number;
  sequence?: number;
  role?: string;
  fingerprint?: string;
}): Candidate {
  return {
    session: { id: session, title: `Title of ${session}`, projectName: null, model: null, source: 'codex', verdict },
    message: { id, role, place: { createdAt, sequence }, text, focus: 0 },
    relevance,
    fingerprint,
  };
}

export function aPassage(candidate: Candidate = aCandidate({})): Passage {
  const { session, message, relevance } = candidate;
  return { session, messages: [message], matched: message.id, relevance };
}

const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 12 });

/** Candidates of a few sessions, many of which say the same. */
export const candidates = fc
  .array(
    fc.record({
      session: fc.constantFrom('ses_a', 'ses_b', 'ses_c', 'ses_d'),
      text: words.map((some) => some.join(' ')),
      relevance: fc.constantFrom(1 / 61, 2 / 61, 1 / 62, 1 / 80),
      verdict: fc.constantFrom(-1 as const, 0 as const, 1 as const),
      createdAt: fc.constantFrom(1_000, 2_000, 3_000),
      sequence: fc.nat(1_000),
      role: fc.constantFrom('user', 'assistant'),
    }),
    { maxLength: 20 },
  )
  .map((some) => some.map((one, at) => aCandidate({ ...one, id: `msg_${at}` })));
