import { randomBytes } from 'node:crypto';
import { ownerKey, sessionIdOf, type Owner, type Positions, type Reader } from '@opensync/contracts';
import type { QueryResources } from '../resources.ts';
import type { SideResources } from '../search/sides.ts';
import { contextAnswer, type ContextAnswer } from './context-answer.ts';
import type { ContextRequest } from './context-request.ts';
import { withoutCopies } from './copies.ts';
import { diversify, withinSessions } from './diversify.ts';
import { findMessages, type FoundMessages } from './find-messages.ts';
import { bestAtBothEnds } from './pack.ts';
import type { Omission } from './passage.ts';
import { quotePassages } from './quote-passages.ts';
import { MessageTexts, readCandidates } from './read-candidates.ts';
import { markerFor, textsOf } from './render.ts';
import { loadTokenizer } from './tokens.ts';
import { withTurns } from './turns.ts';

/** Messages that are considered: more than there are sessions, because copies drop out and sessions have several. */
const CONSIDERED_OF_SESSION = 3;
const LEAST_CONSIDERED = 40;
const MOST_CONSIDERED = 100;

export type ContextResources = SideResources & Pick<QueryResources, 'documents' | 'payloads' | 'pageTurns'>;

/**
 * The passages that help most with a prompt, in as many tokens as the caller has for them.
 * @throws AppError UNAVAILABLE as {@link findMessages}, or if too many sessions are being read
 */
export async function getContext(
  resources: ContextResources,
  reader: Reader,
  request: ContextRequest,
  positions: Positions,
): Promise<ContextAnswer> {
  const { query, limit, filters, maxTokens, excludeSession } = request;
  const considered = Math.max(LEAST_CONSIDERED, Math.min(MOST_CONSIDERED, CONSIDERED_OF_SESSION * limit));
  const count = await loadTokenizer();
  const found = await findMessages(resources, reader, { query, filters, limit: considered });
  // Both kinds of id, because an agent knows the one of its plugin.
  const excluded = new Set(excludeSession === undefined ? [] : [excludeSession, sessionIdOf(reader, excludeSession)]);
  const endTurn = await resources.pageTurns.acquire(ownerKey(reader), 1);
  const { passages, omitted } = await choose(resources, found, { limit, excluded }).finally(endTurn);
  const marker = markerFor([query, ...passages.flatMap(textsOf)], randomBytes);
  const { packed, left, tokens } = quotePassages(passages, { query, marker, maxTokens, count });
  const unpacked = left.map(({ session, matched }): Omission => ({
    ...{ sessionId: session.id, messageId: matched, reason: 'token-budget' },
  }));
  const ranked = packed.map(({ passage }, at) => ({ passage, rank: at + 1 }));
  return contextAnswer(request, {
    ranked: bestAtBothEnds(ranked),
    omitted: [...omitted, ...unpacked],
    ...{ marker, tokens, positions, degraded: found.degraded, words: found.words },
    ...(found.noCloseMatch && { noCloseMatch: found.noCloseMatch }),
  });
}

async function choose(
  resources: ContextResources,
  found: FoundMessages,
  { limit, excluded }: { limit: number; excluded: ReadonlySet<string> },
) {
  const texts = new MessageTexts(resources);
  const owners = new Map<string, Owner>(found.messages.map(({ session }) => [session.id, session.owner]));
  const read = await readCandidates(resources.documents, texts, found);
  const distinct = withoutCopies(read.candidates, excluded);
  const within = withinSessions(diversify(distinct.kept), limit);
  const turns = await withTurns(resources.documents, texts, within.kept, ({ session }) => owners.get(session.id)!);
  const omitted = [...read.omitted, ...distinct.omitted, ...within.omitted, ...turns.omitted];
  return { passages: turns.passages, omitted };
}
