import type { StoredEvent } from '../events/event.ts';
import type { SessionSynced } from '../events/schemas.ts';
import type { Owner } from '../owner.ts';
import { extendSpan, setFields, type MergeRule, type Registers, type Span } from './register.ts';

export type SessionFields = Omit<SessionSynced, 'sessionId' | 'externalId'> & {
  /** What its messages say the source is; counts only where no session event named one. */
  messageSource?: string;
};

const RULES: { readonly [K in keyof Required<SessionFields>]: MergeRule } = {
  source: 'latest',
  messageSource: 'latest',
  title: 'latest',
  projectPath: 'latest',
  projectName: 'latest',
  model: 'latest',
  provider: 'latest',
  endReason: 'latest',
  createdAt: 'latest',
  promptTokens: 'positive',
  completionTokens: 'positive',
  totalTokens: 'positive',
  cost: 'positive',
  durationMs: 'positive',
  messageCount: 'positive',
  toolCallCount: 'positive',
};

/** Counted over a session's messages; always recomputed from them, never incremented. */
export interface SessionRollup {
  readonly messageCount: number;
  /** Creation times of the first and the last message, milliseconds since the epoch; null without messages. */
  readonly firstActivityAt: number | null;
  readonly lastActivityAt: number | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cost: number;
}

export const EMPTY_ROLLUP: SessionRollup = {
  messageCount: 0,
  firstActivityAt: null,
  lastActivityAt: null,
  promptTokens: 0,
  completionTokens: 0,
  cost: 0,
};

export interface SessionState extends Registers<SessionFields> {
  readonly id: string;
  readonly owner: Owner;
  readonly externalId: string;
  readonly span: Span;
  readonly rollup: SessionRollup;
}

/**
 * The session after one more event. Pure; events may come in any order and any number of times.
 * An event that changes nothing returns the state itself. A message event creates its session where it is unknown. Events about other sessions must not be passed.
 */
export function evolveSession(state: SessionState | undefined, event: StoredEvent): SessionState | undefined {
  switch (event.type) {
    case 'dev.opensync.session.synced.v1':
      return touch(state, event, event.data.externalId, event.data);
    case 'dev.opensync.message.synced.v1':
      return touch(state, event, event.data.sessionExternalId, { messageSource: event.data.source });
    case 'dev.opensync.part.synced.v1':
      return state;
  }
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
  const registers = setFields<SessionFields>(base, incoming, event.sequence, RULES);
  const span = extendSpan(state?.span, event.sequence, event.time);
  if (state && registers === state && span === state.span) return state;
  return { ...base, ...registers, span };
}
