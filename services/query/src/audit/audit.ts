import { messageIdOf, sessionIdOf, type Owner, type SessionState } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';
import { z } from 'zod';
import { onlyFields } from '../input.ts';

/** The longest ids of as many take a megabyte. */
const MOST_SESSIONS = 1_000;
/** Heads in memory at once; each is a few kilobytes. */
const AT_ONCE = 200;

const id = z.string('must be text').min(1, 'is empty').max(512, 'is longer than 512 characters');
const auditedSession = onlyFields({
  externalId: id,
  messageCount: z.int('must be a whole number').min(0, 'must be 0 or more').optional(),
  lastMessageId: id.optional(),
});

/** Body of `POST /api/audit`: what a plugin or a collector has. */
export const auditSchema = onlyFields({
  sessions: z
    .array(auditedSession, 'must be a list of sessions')
    .max(MOST_SESSIONS, `has more than ${MOST_SESSIONS} sessions; send several requests`),
});
export type Audit = z.infer<typeof auditSchema>;

/** How a session of the request compares with the stored one. */
export interface AuditedSession {
  readonly externalId: string;
  readonly sessionId: string;
  /** Nothing has to be sent again. */
  readonly complete: boolean;
  /** False: the server does not know the session. */
  readonly stored: boolean;
  /** Somebody deleted it here: sending it again would create it again. */
  readonly deleted?: true;
  /** Stored messages. */
  readonly messageCount: number;
  /** How many of the client's messages are not stored at least; absent if it named no count. */
  readonly missingMessages?: number;
  /** Whether the message that the client named as the last one is stored; absent if it named none. */
  readonly lastMessageStored?: boolean;
}

export interface AuditAnswer {
  /** Whether all of them are. */
  readonly complete: boolean;
  /** In the order of the request. */
  readonly sessions: readonly AuditedSession[];
}

/** Tells a client which of its own sessions have to be sent again. */
export async function audit(
  documents: Pick<DocumentStore, 'load'>,
  owner: Owner,
  { sessions: asked }: Audit,
): Promise<AuditAnswer> {
  const sessions: AuditedSession[] = [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const group = asked.slice(at, at + AT_ONCE).map((session) => ({ ...session, ...idsOf(owner, session) }));
    const found = await documents.load(owner, {
      sessions: group.map(({ sessionId }) => sessionId),
      messages: group.flatMap(({ messageId }) => messageId ?? []),
    });
    for (const { externalId, sessionId, messageId, messageCount } of group) {
      const state = found.sessions.get(sessionId);
      const compared = {
        externalId,
        sessionId,
        ...comparison(state, messageCount),
        ...(messageId !== undefined && { lastMessageStored: found.messages.has(messageId) }),
      };
      const isDeleted = state === undefined && found.gone.has(sessionId);
      const complete =
        isDeleted || (compared.stored && !compared.missingMessages && (compared.lastMessageStored ?? true));
      sessions.push({ ...compared, complete, ...(isDeleted && { deleted: true as const }) });
    }
  }
  return { complete: sessions.every(({ complete }) => complete), sessions };
}

function idsOf(owner: Owner, { externalId, lastMessageId }: Audit['sessions'][number]) {
  const sessionId = sessionIdOf(owner, externalId);
  return { sessionId, messageId: lastMessageId === undefined ? undefined : messageIdOf(sessionId, lastMessageId) };
}

function comparison(state: SessionState | undefined, sent: number | undefined) {
  const messageCount = state?.rollup.messageCount ?? 0;
  return {
    stored: state !== undefined,
    messageCount,
    ...(sent !== undefined && { missingMessages: Math.max(0, sent - messageCount) }),
  };
}
