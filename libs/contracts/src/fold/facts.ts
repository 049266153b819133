import { isPlaceholderName } from '../naming/placeholders.ts';
import { messageCreatedAt, type MessageHead } from './message.ts';
import { promptOfMessage } from './prompt.ts';

/** What a message contributes to its session's rollup; stores keep it in columns. */
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
  /** The beginning of the person's own text; null if there is none. */
  readonly prompt: string | null;
  /** Only real names, no placeholders. */
  readonly model: string | null;
  readonly provider: string | null;
  /** See `SessionRollup`. */
  readonly version: number;
}

/** What a folded message contributes to its session's rollup. Pure; needs none of its parts. */
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
 * A change counter of the message for its session's heading: 1 for a new message, and higher after every event that
 * changes it, whatever the order of events; equal for equal states. It adds the distances between sequences instead
 * of the sequences, so that the sum over a session's messages stays small.
 */
function factsVersion({ fields, sequences, span }: MessageHead): number {
  const apart = HEADING_FIELDS.reduce((sum, name) => {
    const sequence = sequences[name];
    // A real name replaces a placeholder whatever its sequence, so the placeholder must not add to the sum.
    const counts = sequence !== undefined && !(name === 'model' && isPlaceholderName(fields.model!));
    return counts ? sum + sequence - span.firstSequence : sum;
  }, span.lastSequence - span.firstSequence);
  return 1 + apart;
}
