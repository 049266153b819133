import type { Reader, SessionState } from '@opensync/contracts';
import type { SessionFilter } from '@opensync/stores';
import { fuseSides } from '../search/fusion.ts';
import { askSides, type Found, type FoundBySides, type Side, type SideResources } from '../search/sides.ts';

/** A message that may be worth quoting. */
export interface FoundMessage {
  readonly session: SessionState;
  /** Absent if the session's title or project matched: any of its messages may stand for it. */
  readonly messageId?: string;
  readonly relevance: number;
  /** Whether full text found words of the query in it. */
  readonly hasWords: boolean;
  /** Of the chunk that is nearest in meaning. */
  readonly hash?: string;
}

export interface FoundMessages extends Pick<FoundBySides, 'degraded' | 'words' | 'parsed' | 'noCloseMatch'> {
  /** Best first. */
  readonly messages: readonly FoundMessage[];
}

/** Each side returns twice as many hits. */
const DEPTH = 25;
/**
 * Fused ranks count full text for more: where only one side finds something, words are evidence, while there is always
 * something that is nearest in meaning. Measured: see ADR 52.
 */
const WEIGHTS: Readonly<Record<Side, number>> = { fulltext: 1, semantic: 0.3 };
/** The share of its session's relevance that a message has whatever its own rank is; its best message has all of it. */
const OF_SESSION = 0.5;
const MOST_OF_SESSION = 4;
/** Of a message whose session is not among the best. */
const LEAST_RELEVANCE = 0.1;

/**
 * The messages to choose from: sessions as the hybrid search ranks them, since the words of a question are often spread
 * over a conversation, and in each those that match best by themselves.
 * @throws AppError UNAVAILABLE as {@link askSides}
 */
export async function findMessages(
  resources: SideResources,
  reader: Reader,
  { query, filters, limit: most }: { query: string; filters: SessionFilter; limit: number },
): Promise<FoundMessages> {
  const asked = { query, filters, type: 'hybrid', limit: DEPTH } as const;
  const once = { ...resources, embeddings: embeddedOnce(resources.embeddings) };
  const [sessions, messages] = await Promise.all([
    askSides(once, reader, { ...asked, level: 'session' }),
    askSides(once, reader, { ...asked, level: 'message' }),
  ]);
  const ofSessions = scores(sessions, ({ sessionId }) => sessionId);
  const ofMessages = scores(messages, ({ messageId = '' }) => messageId);
  const found = new Map<string, Omit<FoundMessage, 'relevance'>>();
  for (const { found: bySide, visible } of [messages, sessions]) {
    for (const [side, hits] of bySide) {
      for (const { sessionId, messageId, hash } of hits) {
        const { hasWords = false, ...known } = found.get(messageId ?? sessionId) ?? {};
        found.set(messageId ?? sessionId, {
          session: visible.state(sessionId),
          ...(messageId !== undefined && { messageId }),
          ...(hash !== undefined && { hash }),
          ...known,
          hasWords: hasWords || side === 'fulltext',
        });
      }
    }
  }
  const ranked = [...Map.groupBy(found.values(), ({ session }) => session.id)].flatMap(([sessionId, of]) => {
    const fits = of.map(({ messageId = '' }) => ofMessages.get(messageId) ?? 0);
    const best = Math.max(...fits);
    const worth = ofSessions.get(sessionId) ?? 0;
    return of.map((one, at): FoundMessage => {
      const share = best === 0 ? 1 : OF_SESSION + (1 - OF_SESSION) * (fits[at]! / best);
      return { ...one, relevance: Math.max(worth * share, LEAST_RELEVANCE * fits[at]!) };
    });
  });
  return {
    messages: bestOfEach(ranked.toSorted((a, b) => b.relevance - a.relevance)).slice(0, most),
    degraded: new Set([...sessions.degraded, ...messages.degraded]),
    words: sessions.words,
    parsed: sessions.parsed,
    ...(sessions.noCloseMatch && messages.noCloseMatch && { noCloseMatch: true as const }),
  };
}

function scores({ found, parsed }: FoundBySides, keyOf: (hit: Found) => string): ReadonlyMap<string, number> {
  const sides = [...found].map(([side, hits]) => [side, hits.map((hit) => ({ ...hit, id: keyOf(hit) }))] as const);
  return new Map(fuseSides(new Map(sides), parsed, WEIGHTS).map(({ id, score }) => [id, score]));
}

/** At most four of a session, and its title only if none of its messages matched. */
function bestOfEach(messages: readonly FoundMessage[]): FoundMessage[] {
  return [...Map.groupBy(messages, ({ session }) => session.id).values()]
    .flatMap((of) => {
      const own = of.filter(({ messageId }) => messageId !== undefined);
      return own.length > 0 ? own.slice(0, MOST_OF_SESSION) : of.slice(0, 1);
    })
    .toSorted((a, b) => b.relevance - a.relevance);
}

/** Both searches have the same query, and an embedding may cost money. */
function embeddedOnce(embeddings: SideResources['embeddings']): SideResources['embeddings'] {
  let vectors: ReturnType<typeof embeddings.embed> | undefined;
  return { embed: (texts, options) => (vectors ??= embeddings.embed(texts, options)) };
}
