import type { StoredEvent } from '../events/event.ts';
import type { MessageSynced, PayloadReference } from '../events/schemas.ts';
import type { Owner } from '../owner.ts';
import { isPlaceholderName } from '../naming/placeholders.ts';
import { promptOfEvent } from './prompt.ts';
import {
  extendSpan,
  latest,
  positive,
  setFields,
  type Rank,
  type Ranks,
  type Registers,
  type Span,
} from './register.ts';

/** Text as it lies in an event: inline, or by reference where it is large. */
export type TextValue = string | PayloadReference;

export type MessageFields = Omit<
  MessageSynced,
  'messageId' | 'externalId' | 'sessionId' | 'sessionExternalId' | 'source' | 'textContent' | 'textRef'
> & { text?: TextValue };

/** A model or provider that is named "unknown" never replaces a real one. */
export const realName: Rank<string> = (name) => (isPlaceholderName(name) ? 0 : 1);

const RULES: Ranks<MessageFields> = {
  role: latest,
  text: latest,
  prompt: latest,
  model: realName,
  provider: realName,
  requestId: latest,
  createdAt: latest,
  partCount: latest,
  toolCallCount: latest,
  promptTokens: positive,
  completionTokens: positive,
  cacheReadTokens: positive,
  cacheWriteTokens: positive,
  reasoningTokens: positive,
  cost: positive,
  durationMs: positive,
};

export interface MessageState extends Registers<MessageFields> {
  readonly id: string;
  readonly owner: Owner;
  readonly sessionId: string;
  readonly externalId: string;
  readonly span: Span;
}

/** The message after one more `message.synced`. Pure; order and repetition do not matter: what changes nothing returns the state itself. */
export function evolveMessage(
  state: MessageState | undefined,
  event: Extract<StoredEvent, { type: 'dev.opensync.message.synced.v1' }>,
): MessageState {
  const { data } = event;
  const base = state ?? {
    id: data.messageId,
    owner: event.owner,
    sessionId: data.sessionId,
    externalId: data.externalId,
    fields: {},
    sequences: {},
  };
  const incoming: MessageFields = { ...data, text: data.textRef ?? data.textContent, prompt: promptOfEvent(data) };
  const registers = setFields<MessageFields>(base, incoming, event.sequence, RULES);
  const span = extendSpan(state?.span, event.sequence, event.time);
  if (state && registers === state && span === state.span) return state;
  return { ...base, ...registers, span };
}

/** When the message was written: the original time if sent, else its arrival. Milliseconds since the epoch. */
export function messageCreatedAt(message: MessageState): number {
  return message.fields.createdAt ?? message.span.firstAt;
}
