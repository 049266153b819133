import type { Owner } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';
import type { Candidate, Omission, Passage, QuotedMessage } from './passage.ts';
import { omission } from './passage.ts';
import { quoted, type MessageTexts } from './read-candidates.ts';

/** Messages between a prompt and its answer that are looked through: an agent calls tools first. */
const REACH = 6;
/** Neighbours are read for this many passages; the others would hardly fit. */
const MOST_COMPLETED = 24;

/**
 * The candidates as passages, best first: a prompt with the beginning of its answer, an answer with its prompt. A message that a
 * better passage quotes gets no passage of its own.
 */
export async function withTurns(
  documents: Pick<DocumentStore, 'messageKeys' | 'messageSummaries'>,
  texts: MessageTexts,
  candidates: readonly Candidate[],
  ownerOf: (candidate: Candidate) => Owner,
): Promise<{ readonly passages: readonly Passage[]; readonly omitted: readonly Omission[] }> {
  const passages: Passage[] = [];
  const omitted: Omission[] = [];
  const quotedBy = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { session, message, relevance } = candidate;
    const earlier = quotedBy.get(message.id);
    if (earlier) {
      omitted.push(omission(candidate, 'contained', earlier));
      continue;
    }
    quotedBy.set(message.id, candidate);
    const other =
      passages.length < MOST_COMPLETED ? await otherSide(documents, texts, candidate, ownerOf(candidate)) : undefined;
    const isNew = other !== undefined && !quotedBy.has(other.id);
    if (isNew) quotedBy.set(other.id, candidate);
    const messages = !isNew ? ([message] as const) : inOrder(message, other);
    passages.push({ session, messages, matched: message.id, relevance });
  }
  return { passages, omitted };
}

function inOrder(matched: QuotedMessage, other: QuotedMessage) {
  return matched.role === 'user' ? ([matched, other] as const) : ([other, matched] as const);
}

/** What a prompt was answered, or what an answer is about. */
async function otherSide(
  documents: Pick<DocumentStore, 'messageKeys' | 'messageSummaries'>,
  texts: MessageTexts,
  { session, message }: Candidate,
  owner: Owner,
): Promise<QuotedMessage | undefined> {
  const isPrompt = message.role === 'user';
  const order = isPrompt ? 'asc' : 'desc';
  const keys = await documents.messageKeys(owner, session.id, { order, after: message.place, limit: REACH });
  const ids = keys.map(({ id }) => id);
  const heads = await documents.messageSummaries(owner, ids);
  const isOfPerson = (id: string) => heads.get(id)?.message.fields.role === 'user';
  const next = ids.findIndex(isOfPerson);
  // The next prompt ends the turn.
  const wanted = isPrompt
    ? ids.slice(0, next < 0 ? undefined : next)
    : ids.slice(next < 0 ? ids.length : next, next + 1);
  for await (const { message: other, spoken } of texts.read(owner, wanted)) {
    if (spoken !== '') return quoted(other, spoken, 0);
  }
  return undefined;
}
