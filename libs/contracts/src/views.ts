import type { MediaReference } from './content/media.ts';
import type { EvalStatus, PartSynced, PayloadReference } from './events/schemas.ts';
import { sessionIdOf } from './ids.ts';
import { forkMark } from './naming/placeholders.ts';
import { mediaOfText, messageCreatedAt, type MessageHead, type MessageState, type TextValue } from './fold/message.ts';
import { isCurrentPart, type PartState } from './fold/part.ts';
import { EMPTY_ROLLUP } from './fold/rollup.ts';
import type { Visibility } from './owner.ts';
import { sessionRank, TITLE_RANK, type SessionState } from './fold/session.ts';

/** A session as readers get it. Times are milliseconds since the epoch, cost is in US dollars. */
export interface SessionView {
  readonly id: string;
  readonly externalId: string;
  /** The user that the session belongs to. */
  readonly userId: string;
  readonly visibility: Visibility;
  readonly source: string;
  readonly title: string | null;
  readonly projectPath: string | null;
  readonly projectName: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly endReason: string | null;
  /** The session whose agent started this one; it need not be stored. As the next one. */
  readonly parentId: string | null;
  /** The session that this one continues a copy of. */
  readonly forkedFromId: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly totalTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  readonly messageCount: number;
  readonly toolCallCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly firstActivityAt: number | null;
  readonly lastActivityAt: number | null;
  /** Set by a person, like the next four: the session is meant for evaluations. */
  readonly evalReady: boolean;
  readonly evalStatus: EvalStatus | null;
  readonly evalNotes: string | null;
  readonly evalTags: readonly string[];
  readonly expectedOutput: string | null;
  /** Someone with the link may read a snapshot, until `publicUntil` if that is set. */
  readonly isPublic: boolean;
  readonly publicUntil: number | null;
}

/** A session without a source comes from the OpenCode plugin. */
const DEFAULT_SOURCE = 'opencode';

/**
 * The view of a folded session. Values that no client sent, or only as zeros or placeholders, are derived from the
 * messages: tokens, cost and tool calls are sums, the title is the first prompt, model and provider come from the
 * first message that names them, and the creation time is that of the earliest message. The message count counts
 * stored messages; a client's own count applies only while there are none.
 */
export function sessionView(state: SessionState): SessionView {
  const { fields, span } = state;
  // A session stored by an earlier version lacks some of them until it is folded again.
  const rollup = { ...EMPTY_ROLLUP, ...state.rollup };
  const isKnown = (name: 'title' | 'model' | 'provider') => sessionRank(state, name) > TITLE_RANK.placeholder;
  const named = (name: 'title' | 'model' | 'provider') =>
    (isKnown(name) ? fields[name] : (rollup[name] ?? fields[name])) ?? null;
  const amounts = {
    promptTokens: fields.promptTokens || rollup.promptTokens,
    completionTokens: fields.completionTokens || rollup.completionTokens,
    cacheReadTokens: fields.cacheReadTokens || rollup.cacheReadTokens,
    cacheWriteTokens: fields.cacheWriteTokens || rollup.cacheWriteTokens,
    reasoningTokens: fields.reasoningTokens || rollup.reasoningTokens,
  };
  return {
    id: state.id,
    externalId: state.externalId,
    userId: state.owner.userId,
    visibility: fields.visibility ?? 'private',
    source: fields.source ?? fields.messageSource ?? DEFAULT_SOURCE,
    title: named('title'),
    projectPath: fields.projectPath ?? null,
    projectName: fields.projectName ?? null,
    model: named('model'),
    provider: named('provider'),
    endReason: fields.endReason ?? null,
    parentId: otherSession(state, fields.parentExternalId),
    forkedFromId: otherSession(state, fields.forkedFromExternalId ?? forkMark(fields.title)),
    ...amounts,
    totalTokens: Math.max(fields.totalTokens ?? 0, leastTotal(amounts)),
    cost: fields.cost || rollup.cost,
    durationMs: fields.durationMs ?? 0,
    messageCount: rollup.messageCount || (fields.messageCount ?? 0),
    toolCallCount: fields.toolCallCount || rollup.toolCallCount,
    createdAt: fields.createdAt ?? Math.min(span.firstAt, rollup.firstActivityAt ?? span.firstAt),
    updatedAt: span.lastAt,
    firstActivityAt: rollup.firstActivityAt,
    lastActivityAt: rollup.lastActivityAt,
    evalReady: fields.evalReady ?? false,
    evalStatus: fields.evalStatus ?? null,
    evalNotes: fields.evalNotes ?? null,
    evalTags: fields.evalTags ?? [],
    expectedOutput: fields.expectedOutput ?? null,
    isPublic: Boolean(fields.publication),
    publicUntil: fields.publication ? (fields.publicUntil ?? null) : null,
  };
}

/** The id of a session that another one names by its agent's id. */
function otherSession({ owner, externalId }: SessionState, named: string | undefined): string | null {
  return named === undefined || named === externalId ? null : sessionIdOf(owner, named);
}

type TokenAmount = 'promptTokens' | 'completionTokens' | 'cacheReadTokens' | 'cacheWriteTokens' | 'reasoningTokens';

/**
 * The minimum of a total. Some clients include cached tokens in the prompt tokens and reasoning in the completion
 * tokens, some count them separately, and the numbers do not show which: so the larger sum counts.
 */
export function leastTotal(amounts: Readonly<Record<TokenAmount, number>>): number {
  const { promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = amounts;
  return Math.max(promptTokens, cacheReadTokens + cacheWriteTokens) + Math.max(completionTokens, reasoningTokens);
}

export interface PartView {
  readonly id: string;
  readonly order: number;
  readonly type: string;
  readonly content: PartSynced['content'] | null;
  /** Set while the content is in the payload store and was not fetched. */
  readonly contentRef?: PayloadReference;
  /** What the content says of its tool while it is in the payload store. */
  readonly tool?: PartSynced['tool'];
  /** Everything that was sent and is not in the content. */
  readonly extra?: PartSynced['extra'];
  /** Set while `extra` is in the payload store. */
  readonly extraRef?: PayloadReference;
  /** Blobs that tokens in content and extra stand for. */
  readonly media?: readonly MediaReference[];
}

export interface MessageView {
  readonly id: string;
  readonly externalId: string;
  readonly sessionId: string;
  readonly role: string;
  /** Null if the message came without text (tool calls). */
  readonly text: TextValue | null;
  /** Blobs that tokens in the text stand for. */
  readonly media?: readonly MediaReference[];
  readonly model: string | null;
  readonly provider: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  readonly createdAt: number;
  readonly parts: readonly PartView[];
}

/** A whole message: its text and the stored states of all its parts, current or not. */
export interface MessageWithParts {
  readonly message: MessageState | undefined;
  readonly parts: readonly PartState[];
}

/** The current parts of the message, by order. */
export function currentParts({
  message,
  parts,
}: Omit<MessageWithParts, 'message'> & { readonly message: MessageHead | undefined }): PartState[] {
  return parts.filter((part) => isCurrentPart(message, part)).sort((a, b) => a.order - b.order);
}

/** The view of a folded message with its parts. */
export function messageView(message: MessageState, parts: readonly PartState[]): MessageView {
  const { fields } = message;
  const media = mediaOfText(message);
  return {
    id: message.id,
    externalId: message.externalId,
    sessionId: message.sessionId,
    role: fields.role ?? 'unknown',
    text: fields.text ?? null,
    ...(media.length > 0 && { media }),
    model: fields.model ?? null,
    provider: fields.provider ?? null,
    promptTokens: fields.promptTokens ?? 0,
    completionTokens: fields.completionTokens ?? 0,
    cacheReadTokens: fields.cacheReadTokens ?? 0,
    cacheWriteTokens: fields.cacheWriteTokens ?? 0,
    reasoningTokens: fields.reasoningTokens ?? 0,
    cost: fields.cost ?? 0,
    durationMs: fields.durationMs ?? 0,
    createdAt: messageCreatedAt(message),
    parts: currentParts({ message, parts }).map(
      ({ id, order, type, content, contentRef, tool, extra, extraRef, media }) => ({
        id,
        order,
        type,
        content: content ?? null,
        ...(contentRef && { contentRef }),
        ...(tool && { tool }),
        ...(extra !== undefined && { extra }),
        ...(extraRef && { extraRef }),
        ...(media && { media }),
      }),
    ),
  };
}
