import type { StoredEvent } from '../events/event.ts';
import type { MediaReference } from '../content/media.ts';
import { messageSyncedSchema, type MessageSynced, type PayloadReference } from '../events/schemas.ts';
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
import { keepUnknown, recognized, type Unknown } from './unknown.ts';

/** Text of an event: inline, or by reference if it is large. */
export type TextValue = string | PayloadReference;

/** Represents inline text that is too long for a message's head. */
export interface TextHead {
  /** The beginning of the text. */
  readonly preview: string;
  /** Bytes of the whole text as UTF-8. */
  readonly size: number;
}

type SmallFields = Omit<
  MessageSynced,
  'messageId' | 'externalId' | 'sessionId' | 'sessionExternalId' | 'source' | 'textContent' | 'textRef'
>;
export type MessageFields = SmallFields & { text?: TextValue };
export type MessageHeadFields = SmallFields & { text?: TextValue | TextHead };

/** A model or provider that is named "unknown" never replaces a real one. */
export const realName: Rank<string> = (name) => (isPlaceholderName(name) ? 0 : 1);

const RULES: Ranks<MessageHeadFields> = {
  role: latest,
  text: latest,
  media: latest,
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

/** A message as folds and lists need it, bounded in size: a long text is represented by its {@link TextHead}. */
export interface MessageHead extends Registers<MessageHeadFields> {
  readonly id: string;
  readonly owner: Owner;
  readonly sessionId: string;
  readonly externalId: string;
  readonly span: Span;
  /** Fields of a newer version. They have no words, and no reader sees them. */
  readonly unknown?: Unknown;
}

/** A message with its whole text. */
export interface MessageState extends MessageHead {
  readonly fields: Partial<MessageFields>;
}

type MessageSyncedEvent = Extract<StoredEvent, { type: 'dev.opensync.message.synced.v1' }>;

/**
 * The message after one more `message.synced`, for a head as well as for the whole message: a text is replaced, never
 * read. Pure; independent of order and repetition; returns the state itself if nothing changes.
 */
export function evolveMessage(state: MessageState | undefined, event: MessageSyncedEvent): MessageState;
export function evolveMessage(state: MessageHead | undefined, event: MessageSyncedEvent): MessageHead;
export function evolveMessage(state: MessageHead | undefined, event: MessageSyncedEvent): MessageHead {
  const { data } = event;
  const base: Omit<MessageHead, 'span'> = state ?? {
    id: data.messageId,
    owner: event.owner,
    sessionId: data.sessionId,
    externalId: data.externalId,
    fields: {},
    sequences: {},
  };
  const incoming: MessageFields = { ...data, text: data.textRef ?? data.textContent, prompt: promptOfEvent(data) };
  const registers = setFields<MessageHeadFields>(base, incoming, event.sequence, RULES);
  const span = extendSpan(state?.span, event.sequence, event.time);
  const unknown = keepUnknown(base.unknown, event.unknown, event.sequence);
  if (state && registers === state && span === state.span && unknown === state.unknown) return state;
  return { ...base, ...registers, span, ...(unknown && { unknown }) };
}

/** A stored message as this version reads it; see {@link recognized}. */
export function recognizedMessage<State extends MessageHead>(state: State): State {
  return recognized<MessageHeadFields, State>(state, RULES, messageSyncedSchema.shape);
}

export function isTextHead(text: TextValue | TextHead | undefined): text is TextHead {
  return typeof text === 'object' && !('sha256' in text);
}

/** The blobs in the message's current text, not those of an earlier or later text. */
export function mediaOfText({ fields, sequences }: MessageHead): readonly MediaReference[] {
  return sequences.media === sequences.text ? (fields.media ?? []) : [];
}

/** When the message was written: the original time if sent, otherwise its arrival. Milliseconds since the epoch. */
export function messageCreatedAt(message: MessageHead): number {
  return message.fields.createdAt ?? message.span.firstAt;
}
