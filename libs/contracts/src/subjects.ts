import type { Owner } from './owner.ts';

/** What an event is about; the last token of its subject. */
export const ENTITIES = [
  'session',
  'message',
  'part',
  'curation',
  'user',
  'apikey',
  'docpage',
  'wrapped',
  'erasure',
] as const;
export type Entity = (typeof ENTITIES)[number];

export const EVENT_SUBJECTS = 'osk.events.>';
export const CHANGE_SUBJECTS = 'osk.changes.>';
export const DLQ_SUBJECTS = 'osk.dlq.>';
/** Request/reply subject of the embedder. */
export const EMBED_SUBJECT = 'osk.embed';

/** `osk.events.<workspaceId>.<userId>.<entity>`: no session id, its cardinality would live in the server's memory. */
export function eventSubject(owner: Owner, entity: Entity): string {
  return `osk.events.${owner.workspaceId}.${owner.userId}.${entity}`;
}

/** The owner and entity of an event's subject, or undefined where it is not one. */
export function parseEventSubject(subject: string): { owner: Owner; entity: Entity } | undefined {
  const [root, stream, workspaceId, userId, entity, ...rest] = subject.split('.');
  if (root !== 'osk' || stream !== 'events' || !workspaceId || !userId || rest.length > 0) return undefined;
  if (!ENTITIES.includes(entity as Entity)) return undefined;
  return { owner: { workspaceId, userId }, entity: entity as Entity };
}

/** `osk.changes.<workspaceId>.<userId>`: ids of documents that changed. */
export function changeSubject(owner: Owner): string {
  return `osk.changes.${owner.workspaceId}.${owner.userId}`;
}

/** The owner of a change's subject, or undefined where it is not one. */
export function parseChangeSubject(subject: string): Owner | undefined {
  const [root, stream, workspaceId, userId, ...rest] = subject.split('.');
  if (root !== 'osk' || stream !== 'changes' || !workspaceId || !userId || rest.length > 0) return undefined;
  return { workspaceId, userId };
}

/** `osk.dlq.<consumer>`: what that consumer could not process. */
export function deadLetterSubject(consumer: string): string {
  return `osk.dlq.${consumer}`;
}
