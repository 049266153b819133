import type { MessagePlace } from '@opensync/stores';

/** A message, or an excerpt of one, as a passage quotes it. */
export interface QuotedMessage {
  readonly id: string;
  readonly role: string;
  readonly place: MessagePlace;
  readonly text: string;
  /** Offset in the text of what was searched for; 0 if that is unknown. An excerpt is cut around it. */
  readonly focus: number;
}

/** The session of a passage, as its citation names it. */
export interface PassageSession {
  readonly id: string;
  readonly title: string | null;
  readonly projectName: string | null;
  readonly model: string | null;
  readonly source: string;
  /** Whether people judged the session: 1 golden or correct, -1 incorrect, 0 otherwise. */
  readonly verdict: -1 | 0 | 1;
}

/** Messages of one session that are quoted together, in order. */
export interface Passage {
  readonly session: PassageSession;
  readonly messages: readonly [QuotedMessage, ...QuotedMessage[]];
  /** The id of the message that was found; the others are there so that it can be understood. */
  readonly matched: string;
  /** Higher is better, greater than 0; comparable within one answer only. */
  readonly relevance: number;
}

/** A message that a search found. */
export interface Candidate {
  readonly session: PassageSession;
  readonly message: QuotedMessage;
  readonly relevance: number;
  /** Equal for messages with the same role and text. */
  readonly fingerprint: string;
}

/** Why an answer does not have something that the search found. */
export const OMISSIONS = {
  'excluded-session': 'its session is the `excludeSession` of the request',
  'copied-history': 'it is a copy in a forked or resumed session',
  duplicate: 'another passage has the same text',
  'near-duplicate': 'another passage has nearly the same text',
  contained: 'another passage quotes the message',
  'session-limit': 'its session is beyond `limit`',
  'token-budget': 'it does not fit into `maxTokens`',
  'no-text': 'its message has no readable text',
} as const satisfies Record<string, string>;
export type OmissionReason = keyof typeof OMISSIONS;

/** A message that was found and is not in the answer. */
export interface Omission {
  readonly sessionId: string;
  readonly messageId: string;
  readonly reason: OmissionReason;
  /** The message that the answer has instead, or would have if nothing else kept it out. */
  readonly keptMessageId?: string;
}

export function omission({ session, message }: Candidate, reason: OmissionReason, kept?: Candidate): Omission {
  const instead = kept && { keptMessageId: kept.message.id };
  return { sessionId: session.id, messageId: message.id, reason, ...instead };
}

/** Whether `a` is preferred to `b` if both are equally relevant: the better verdict, then the newer message. */
export function isPreferred(a: Candidate, b: Candidate): boolean {
  if (a.session.verdict !== b.session.verdict) return a.session.verdict > b.session.verdict;
  return a.message.place.createdAt > b.message.place.createdAt;
}
