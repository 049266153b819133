import type { StoredEvent } from '../events/event.ts';
import type { SessionSynced } from '../events/schemas.ts';
import type { Owner } from '../owner.ts';
import { isPlaceholderTitle } from '../naming/placeholders.ts';
import { realName } from './message.ts';
import { extendSpan, latest, positive, rankOf, setFields, type Ranks, type Registers, type Span } from './register.ts';
import { EMPTY_ROLLUP, type SessionRollup } from './rollup.ts';

export type SessionFields = Omit<SessionSynced, 'sessionId' | 'externalId'> & {
  /** What its messages say the source is; counts only where no session event named one. */
  messageSource?: string;
};

/** How much a title counts: one that a person has set stays whatever a client sends later, and a default never replaces a real one. */
export const TITLE_RANK = { placeholder: 0, sent: 1, person: 2 } as const;

export const SESSION_RANKS: Ranks<SessionFields> = {
  source: latest,
  messageSource: latest,
  title: (title) => (isPlaceholderTitle(title) ? TITLE_RANK.placeholder : TITLE_RANK.sent),
  projectPath: latest,
  projectName: latest,
  model: realName,
  provider: realName,
  endReason: latest,
  createdAt: latest,
  promptTokens: positive,
  completionTokens: positive,
  cacheReadTokens: positive,
  cacheWriteTokens: positive,
  reasoningTokens: positive,
  totalTokens: positive,
  cost: positive,
  durationMs: positive,
  messageCount: positive,
  toolCallCount: positive,
};

export interface SessionState extends Registers<SessionFields> {
  readonly id: string;
  readonly owner: Owner;
  readonly externalId: string;
  readonly span: Span;
  readonly rollup: SessionRollup;
}

type EventOf<Type extends StoredEvent['type']> = Extract<StoredEvent, { type: Type }>;

/** The session after one more `session.synced`. Pure; what changes nothing returns the state itself. */
export function sessionOfSession(
  state: SessionState | undefined,
  event: EventOf<'dev.opensync.session.synced.v1'>,
): SessionState {
  return touch(state, event, event.data.externalId, event.data);
}

/** The session after one more `message.synced`, which creates it if it is unknown. As above. */
export function sessionOfMessage(
  state: SessionState | undefined,
  event: EventOf<'dev.opensync.message.synced.v1'>,
): SessionState {
  return touch(state, event, event.data.sessionExternalId, { messageSource: event.data.source });
}

function touch(
  state: SessionState | undefined,
  event: StoredEvent,
  externalId: string,
  incoming: SessionFields,
): SessionState {
  const base = state ?? {
    id: event.data.sessionId,
    owner: event.owner,
    externalId,
    fields: {},
    sequences: {},
    rollup: EMPTY_ROLLUP,
  };
  const registers = setFields<SessionFields>(base, incoming, event.sequence, SESSION_RANKS);
  const span = extendSpan(state?.span, event.sequence, event.time);
  if (state && registers === state && span === state.span) return state;
  return { ...base, ...registers, span };
}

/** The rank of what a session's field holds; 0 where it is not set. */
export function sessionRank(state: SessionState, name: keyof SessionFields): number {
  return rankOf<SessionFields>(state, name, SESSION_RANKS);
}
