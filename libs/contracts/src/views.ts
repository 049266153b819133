import type { PartSynced, PayloadReference } from './events/schemas.ts';
import { messageCreatedAt, type MessageState, type TextValue } from './fold/message.ts';
import { isCurrentPart, type PartState } from './fold/part.ts';
import type { SessionState } from './fold/session.ts';

/** What a reader gets of a session. Times are milliseconds since the epoch, cost is US dollars. */
export interface SessionView {
  readonly id: string;
  readonly externalId: string;
  readonly source: string;
  readonly title: string | null;
  readonly projectPath: string | null;
  readonly projectName: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly endReason: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  readonly messageCount: number;
  readonly toolCallCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly firstActivityAt: number | null;
  readonly lastActivityAt: number | null;
}

/** A plugin that names no source is the OpenCode plugin. */
export const DEFAULT_SOURCE = 'opencode';

/**
 * What a folded session says. Tokens and cost come from session sync alone; where none came (or only zeros)
 * they are the sum of its messages'. The message count is that of the stored messages; a plugin's own figure
 * counts only while there are none.
 */
export function sessionView(state: SessionState): SessionView {
  const { fields, rollup, span } = state;
  const promptTokens = fields.promptTokens || rollup.promptTokens;
  const completionTokens = fields.completionTokens || rollup.completionTokens;
  return {
    id: state.id,
    externalId: state.externalId,
    source: fields.source ?? fields.messageSource ?? DEFAULT_SOURCE,
    title: fields.title ?? null,
    projectPath: fields.projectPath ?? null,
    projectName: fields.projectName ?? null,
    model: fields.model ?? null,
    provider: fields.provider ?? null,
    endReason: fields.endReason ?? null,
    promptTokens,
    completionTokens,
    totalTokens: fields.totalTokens || promptTokens + completionTokens,
    cost: fields.cost || rollup.cost,
    durationMs: fields.durationMs ?? 0,
    messageCount: rollup.messageCount || (fields.messageCount ?? 0),
    toolCallCount: fields.toolCallCount ?? 0,
    createdAt: fields.createdAt ?? span.firstAt,
    updatedAt: span.lastAt,
    firstActivityAt: rollup.firstActivityAt,
    lastActivityAt: rollup.lastActivityAt,
  };
}

export interface PartView {
  readonly id: string;
  readonly order: number;
  readonly type: string;
  readonly content: PartSynced['content'] | null;
  /** Set while the content lies in the payload store and has not been fetched. */
  readonly contentRef?: PayloadReference;
}

export interface MessageView {
  readonly id: string;
  readonly externalId: string;
  readonly sessionId: string;
  readonly role: string;
  /** Null where the message came without text of its own (tool calls). */
  readonly text: TextValue | null;
  readonly model: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  readonly createdAt: number;
  readonly parts: readonly PartView[];
}

/** A message with all stored states of its parts, current or not, as stores load and save them. */
export interface MessageWithParts {
  readonly message: MessageState | undefined;
  readonly parts: readonly PartState[];
}

/** The parts that the message has now, by order. */
export function currentParts({ message, parts }: MessageWithParts): PartState[] {
  return parts.filter((part) => isCurrentPart(message, part)).sort((a, b) => a.order - b.order);
}

/** What a folded message with its parts says. */
export function messageView(message: MessageState, parts: readonly PartState[]): MessageView {
  const { fields } = message;
  return {
    id: message.id,
    externalId: message.externalId,
    sessionId: message.sessionId,
    role: fields.role ?? 'unknown',
    text: fields.text ?? null,
    model: fields.model ?? null,
    promptTokens: fields.promptTokens ?? 0,
    completionTokens: fields.completionTokens ?? 0,
    cost: fields.cost ?? 0,
    durationMs: fields.durationMs ?? 0,
    createdAt: messageCreatedAt(message),
    parts: currentParts({ message, parts }).map(({ id, order, type, content, contentRef }) => ({
      id,
      order,
      type,
      content: content ?? null,
      ...(contentRef && { contentRef }),
    })),
  };
}
