import {
  EMPTY_ROLLUP,
  isHidden,
  messageFacts,
  needsReview,
  messageOutline,
  packMessageOutline,
  partOutline,
  ownerKey,
  recognizedMessage,
  recognizedPart,
  recognizedSession,
  sessionView,
  type MessageHead,
  type MessageState,
  type Owner,
  type PartState,
  type SessionState,
} from '@opensync/contracts';
import type { ObjectId } from 'mongodb';
import {
  FAILED,
  type GoneSessionDocument,
  type MessageDocument,
  type PartDocument,
  type SessionDocument,
} from './collections.ts';
import { placed } from './places.ts';
import type { HeadRow } from './queries.ts';
import { toolIn } from '../outlines.ts';
import { labelsIn } from '../../labels.ts';
import { sessionLabels } from '../../session-labels.ts';
import type { Revised } from '../port.ts';

/** The key of a document; an owner's keys sort like its ids. */
export function keyOf(owner: Owner, id: string): string {
  return `${ownerKey(owner)}.${id}`;
}

/** The session under its next revision. */
export function sessionDocument(
  session: Revised<SessionState>,
  savedBy: ObjectId,
): SessionDocument | GoneSessionDocument {
  const { id, owner, externalId, revision, fields, sequences, ranks, span, rollup, deletion, unknown } = session;
  if (isHidden(session)) {
    const _id = keyOf(owner, id);
    const said = { gone: true, externalId: _id, formerId: externalId, span, ...(deletion && { deletion }) } as const;
    const trash = trashOf(session);
    return { _id, id, revision: revision + 1, savedBy, figuresDue: savedBy, ...said, ...(trash && { trash }) };
  }
  const view = sessionView(session);
  return {
    _id: keyOf(owner, id),
    workspaceId: owner.workspaceId,
    userId: owner.userId,
    id,
    externalId,
    revision: revision + 1,
    savedBy,
    figuresDue: savedBy,
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
    source: view.source,
    model: view.model,
    projectName: view.projectName,
    projectPath: view.projectPath,
    promptTokens: view.promptTokens,
    completionTokens: view.completionTokens,
    totalTokens: view.totalTokens,
    cost: view.cost,
    durationMs: view.durationMs,
    cacheReadTokens: view.cacheReadTokens,
    cacheWriteTokens: view.cacheWriteTokens,
    reasoningTokens: view.reasoningTokens,
    fields,
    sequences,
    ...(ranks && { ranks }),
    span,
    rollup,
    ...(deletion && { deletion }),
    ...(unknown && { unknown: JSON.stringify(unknown) }),
    inReview: needsReview(session),
    labels: labelsIn(sessionLabels(session)),
  };
}

function trashOf({ owner, fields, sequences, ranks, rollup, unknown }: SessionState): GoneSessionDocument['trash'] {
  if (fields.trashedAt == null) return undefined;
  return { at: fields.trashedAt, owner, kept: JSON.stringify({ fields, sequences, ranks, rollup, unknown }) };
}

function unknownOf({ unknown }: { readonly unknown?: string }): Pick<SessionState, 'unknown'> {
  return unknown === undefined ? {} : { unknown: JSON.parse(unknown) as SessionState['unknown'] };
}

export function sessionState(owner: Owner, document: SessionDocument | GoneSessionDocument): SessionState {
  if (document.gone) {
    const { id, formerId, span, deletion, trash } = document;
    const said = { id, owner, externalId: formerId, span, ...(deletion && { deletion }) };
    if (!trash) return { ...said, fields: {}, sequences: {}, rollup: EMPTY_ROLLUP };
    const kept = JSON.parse(trash.kept) as Pick<SessionState, 'fields' | 'sequences' | 'ranks' | 'rollup' | 'unknown'>;
    return recognizedSession({ ...said, ...kept });
  }
  const { id, externalId, fields, sequences, ranks, span, rollup, deletion } = document;
  return recognizedSession({
    ...{ id, owner, externalId, fields, sequences, ...(ranks && { ranks }), span, rollup },
    ...(deletion && { deletion }),
    ...unknownOf(document),
  });
}

/** The message under its next revision. An unchanged text is represented by its head here. */
export function messageDocument(message: Revised<MessageHead>, savedBy: ObjectId): MessageDocument {
  const { id, owner, externalId, sessionId, revision, fields, sequences, span, unknown } = message;
  const facts = messageFacts(message);
  const { version: factsVersion, prompt, model, provider, ...counted } = facts;
  return {
    _id: keyOf(owner, id),
    workspaceId: owner.workspaceId,
    userId: owner.userId,
    id,
    externalId,
    sessionId,
    revision: revision + 1,
    savedBy,
    ...counted,
    prompt: placed(facts, prompt),
    model: placed(facts, model),
    provider: placed(facts, provider),
    factsVersion,
    outline: packMessageOutline(messageOutline(message, facts)),
    fields,
    sequences,
    span,
    ...(unknown && { unknown: JSON.stringify(unknown) }),
  };
}

/** The stored document has the whole text. */
export function messageState(owner: Owner, document: MessageDocument): MessageState {
  const { id, externalId, sessionId, fields, sequences, span } = document;
  const whole = fields as MessageState['fields'];
  return recognizedMessage({
    ...{ id, owner, sessionId, externalId, fields: whole, sequences, span },
    ...unknownOf(document),
  });
}

export function messageHead(owner: Owner, { textHead, fields: { text, ...fields }, ...row }: HeadRow): MessageHead {
  const shown = textHead ?? text ?? undefined;
  const { id, externalId, sessionId, sequences, span } = row;
  return recognizedMessage({
    id,
    owner,
    sessionId,
    externalId,
    fields: { ...fields, ...(shown !== undefined && { text: shown }) },
    sequences,
    span,
    ...unknownOf(row),
  });
}

export function partDocument(part: PartState): PartDocument {
  const { id, owner, messageId, sessionId, order, sequence, type, content, extra, ...others } = part;
  const { contentRef, extraRef, media, retired, unknown } = others;
  const outline = partOutline(part);
  return {
    _id: keyOf(owner, id),
    workspaceId: owner.workspaceId,
    userId: owner.userId,
    id,
    messageId,
    sessionId,
    order,
    sequence,
    type,
    ...(content !== undefined && { content: JSON.stringify(content) }),
    ...(contentRef && { contentRef }),
    ...(extra !== undefined && { extra: JSON.stringify(extra) }),
    ...(extraRef && { extraRef }),
    ...(media && { media }),
    ...(unknown && { unknown: JSON.stringify(unknown) }),
    ...(retired && { retired }),
    ...(outline && { facts: JSON.stringify(outline) }),
    ...(outline?.callId !== undefined && { call: outline.callId }),
    ...(outline?.isError && FAILED),
  };
}

export function partState(owner: Owner, document: PartDocument): PartState {
  const { id, messageId, sessionId, order, sequence, type, content, extra, ...others } = document;
  const { contentRef, extraRef, media, retired, facts } = others;
  return recognizedPart({
    id,
    owner,
    messageId,
    sessionId,
    order,
    sequence,
    type,
    ...(content !== undefined && { content: JSON.parse(content) as PartState['content'] }),
    ...(contentRef && { contentRef, ...toolIn(facts) }),
    ...(extra !== undefined && { extra: JSON.parse(extra) as PartState['extra'] }),
    ...(extraRef && { extraRef }),
    ...(media && { media }),
    ...unknownOf(document),
    ...(retired && { retired }),
  });
}
