import { isPlaceholderName } from '../naming/placeholders.ts';
import { messageCreatedAt, type MessageHead } from './message.ts';
import { promptOfMessage } from './prompt.ts';

/** What a session's rollup takes from one of its messages: stores keep it in columns. */
export interface MessageFacts {
  /** Its place in the session: by creation time, then arrival. */
  readonly createdAt: number;
  readonly sequence: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly cost: number;
  readonly toolCallCount: number;
  readonly requestId: string | null;
  /** The beginning of what a person says; null where nobody says anything. */
  readonly prompt: string | null;
  /** Real ones alone. */
  readonly model: string | null;
  readonly provider: string | null;
  /** See `SessionRollup`. */
  readonly version: number;
}

/** What a folded message says to its session's rollup. Pure; needs none of its parts. */
export function messageFacts(message: MessageHead): MessageFacts {
  const { fields, span } = message;
  const real = (name: string | undefined) => (name === undefined || isPlaceholderName(name) ? null : name);
  return {
    createdAt: messageCreatedAt(message),
    sequence: span.firstSequence,
    promptTokens: fields.promptTokens ?? 0,
    completionTokens: fields.completionTokens ?? 0,
    cacheReadTokens: fields.cacheReadTokens ?? 0,
    cacheWriteTokens: fields.cacheWriteTokens ?? 0,
    reasoningTokens: fields.reasoningTokens ?? 0,
    cost: fields.cost ?? 0,
    toolCallCount: fields.toolCallCount ?? 0,
    requestId: fields.requestId ?? null,
    prompt: promptOfMessage(message),
    model: real(fields.model),
    provider: real(fields.provider),
    version: factsVersion(message),
  };
}

const HEADING_FIELDS = ['role', 'text', 'prompt', 'model', 'createdAt'] as const;

/**
 * How often, in a manner of speaking, the message has changed what its session's heading may be taken from: 1 when it is new,
 * more with every event that changes it, whatever order they come in, and the same for equal states. It counts how far
 * sequences are apart instead of adding them up, so that the sum over a session's messages stays small.
 */
function factsVersion({ fields, sequences, span }: MessageHead): number {
  const apart = HEADING_FIELDS.reduce((sum, name) => {
    const sequence = sequences[name];
    // A placeholder gives way to a real name whatever its sequence, so it must not add to the sum before.
    const counts = sequence !== undefined && !(name === 'model' && isPlaceholderName(fields.model!));
    return counts ? sum + sequence - span.firstSequence : sum;
  }, span.lastSequence - span.firstSequence);
  return 1 + apart;
}
