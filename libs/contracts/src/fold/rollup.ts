import { isFailedPart } from '../content/tool-facts.ts';
import { titleOfPrompt } from '../naming/prompt-title.ts';
import type { MessageFacts } from './facts.ts';
import type { PartState } from './part.ts';

/** Aggregates over a session's messages; always recomputed from them, never incremented. */
export interface SessionRollup {
  readonly messageCount: number;
  /** Creation times of the first and the last message, milliseconds since the epoch; null without messages. */
  readonly firstActivityAt: number | null;
  readonly lastActivityAt: number | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** US dollars. */
  readonly cost: number;
  readonly toolCallCount: number;
  /** From the first message with text of a person; null if there is none. */
  readonly title: string | null;
  /** Of the first message that names a real one. */
  readonly model: string | null;
  readonly provider: string | null;
  /** Grows with every change of the messages that can change the title, the model or the creation time. */
  readonly version: number;
  /** A tool call of a stored part has failed. */
  readonly hasErrors?: true;
}

export const EMPTY_ROLLUP: SessionRollup = {
  messageCount: 0,
  firstActivityAt: null,
  lastActivityAt: null,
  promptTokens: 0,
  completionTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  cost: 0,
  toolCallCount: 0,
  title: null,
  model: null,
  provider: null,
  version: 0,
};

/** Amounts of one provider response, which count once however many messages repeat them. */
export const RESPONSE_AMOUNTS = [
  'promptTokens',
  'completionTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'reasoningTokens',
  'cost',
] as const;
export type ResponseAmount = (typeof RESPONSE_AMOUNTS)[number];

/**
 * The rollup of a session with these messages, in any order. Store adapters compute the same in their own language;
 * the conformance suite compares them with this function. Messages with the same request id repeat one response whose
 * amounts grow while it streams: the highest value of each amount counts once.
 */
export function rollupOf(messages: Iterable<MessageFacts>, parts: Iterable<PartState> = []): SessionRollup {
  const rollup: { -readonly [K in keyof SessionRollup]: SessionRollup[K] } = { ...EMPTY_ROLLUP };
  const responses = new Map<string, Record<ResponseAmount, number>>();
  const first: { [K in 'prompt' | 'model' | 'provider']?: MessageFacts } = {};
  for (const message of messages) {
    rollup.messageCount++;
    rollup.firstActivityAt = Math.min(rollup.firstActivityAt ?? message.createdAt, message.createdAt);
    rollup.lastActivityAt = Math.max(rollup.lastActivityAt ?? message.createdAt, message.createdAt);
    rollup.toolCallCount += message.toolCallCount;
    rollup.version += message.version;
    for (const name of ['prompt', 'model', 'provider'] as const) {
      if (message[name] !== null && isEarlier(message, first[name])) first[name] = message;
    }
    const counted = message.requestId === null ? undefined : responses.get(message.requestId);
    const response = { ...counted } as Record<ResponseAmount, number>;
    for (const amount of RESPONSE_AMOUNTS) {
      const before = counted?.[amount] ?? 0;
      response[amount] = Math.max(before, message[amount]);
      rollup[amount] += response[amount] - before;
    }
    if (message.requestId !== null) responses.set(message.requestId, response);
  }
  const prompt = first.prompt?.prompt;
  if (prompt) rollup.title = titleOfPrompt(prompt);
  rollup.model = first.model?.model ?? null;
  rollup.provider = first.provider?.provider ?? null;
  for (const part of parts) if (!part.retired && isFailedPart(part)) rollup.hasErrors = true;
  return rollup;
}

function isEarlier(one: MessageFacts, other: MessageFacts | undefined): boolean {
  return (
    !other || one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.sequence < other.sequence)
  );
}
