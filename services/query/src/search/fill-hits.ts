import { ownerKey, sessionView, withoutTokens, type MessageHead, type SessionState } from '@opensync/contracts';
import { excerptOf, type Excerpt, type SearchLevel } from '@opensync/stores';
import type { QueryResources } from '../resources.ts';
import { readPassages, type Passage } from './passages.ts';
import type { RankedHit } from './rank-hits.ts';
import type { Found, FoundBySides } from './sides.ts';

/** A hit with what the documents say of it. */
export interface FilledHit extends Omit<RankedHit, 'bySide'> {
  readonly session: SessionState;
  /** The message that matched best; absent if the session's title or project did. */
  readonly message?: MessageHead;
  readonly excerpt: Excerpt;
  /** What matched by meaning, if full text does not show its words. */
  readonly passage?: Passage;
  readonly missing?: readonly string[];
}

/** Of a query as long as a stack trace not every word is marked. */
const MOST_MARKED = 64;
/** A passage that matched by meaning is shown whole. */
const PASSAGE_LENGTH = 500;

/** Fills hits in from the documents. */
export async function fillHits(
  { documents, payloads }: Pick<QueryResources, 'documents' | 'payloads'>,
  ranked: readonly RankedHit[],
  { visible, parsed }: Pick<FoundBySides, 'visible' | 'parsed'>,
  level: SearchLevel,
): Promise<FilledHit[]> {
  const terms = parsed.all.slice(0, MOST_MARKED);
  const hits = ranked.map((hit) => ({ hit, found: hit.bySide.fulltext ?? hit.bySide.semantic! }));
  const ofMessages = hits.flatMap(({ found: { sessionId, messageId, excerpt, hash } }) =>
    messageId === undefined ? [] : [{ session: visible.state(sessionId), messageId, excerpt, hash }],
  );
  const passages = await readPassages(
    { documents, payloads },
    ofMessages.flatMap(({ excerpt, hash, ...of }) => (excerpt || hash === undefined ? [] : [{ ...of, hash }])),
  );
  const messages = new Map<string, MessageHead>();
  const beginnings = new Map<string, string>();
  for (const of of Map.groupBy(ofMessages, ({ session }) => ownerKey(session.owner)).values()) {
    const { owner } = of[0]!.session;
    const shown = of.filter(({ excerpt, messageId }) => !excerpt && !passages.has(messageId));
    const [summaries, excerpts] = await Promise.all([
      documents.messageSummaries(
        owner,
        of.map(({ messageId }) => messageId),
      ),
      shown.length === 0
        ? new Map<string, string>()
        : documents.excerpts(
            owner,
            shown.map(({ messageId }) => messageId),
          ),
    ]);
    for (const [id, { message }] of summaries) messages.set(id, message);
    for (const [id, text] of excerpts) beginnings.set(id, withoutTokens(text));
  }
  const excerptFor = ({ sessionId, messageId = '', excerpt }: Found): Excerpt => {
    if (excerpt) return excerpt;
    const passage = passages.get(messageId);
    if (passage) return excerptOf([passage.text], terms, { length: PASSAGE_LENGTH });
    const { title, projectName } = sessionView(visible.state(sessionId));
    return excerptOf([beginnings.get(messageId) ?? title ?? projectName ?? ''], terms);
  };
  return hits.flatMap(({ hit: { bySide: _, ...hit }, found }) => {
    const { sessionId, messageId = '', missing = [] } = found;
    const message = messages.get(messageId);
    if (!message && level === 'message') return [];
    const passage = passages.get(messageId);
    return {
      ...hit,
      session: visible.state(sessionId),
      ...(message && { message }),
      excerpt: excerptFor(found),
      ...(passage && { passage }),
      ...(missing.length > 0 && { missing }),
    };
  });
}
