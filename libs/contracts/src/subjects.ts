import { ownerKey, type Owner } from './owner.ts';

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * What an event is about; the last token of its subject. The catalogue lists the known ones; a newer version may have
 * others. `user` covers people: users, workspaces and memberships, each with its own subject, so that the last event
 * of each subject is its current state. `curation` covers what a person says about sessions: a write may depend on the
 * last such event of the owner, which no sync moves on.
 */
export type Entity = 'session' | 'curation' | 'message' | 'part' | 'user' | 'apikey' | 'erasure';

export const EVENT_SUBJECTS = 'osk.events.>';
export const CHANGE_SUBJECTS = 'osk.changes.>';
/** Announcements for live views, which no stream stores. */
export const APPLIED_SUBJECTS = 'osk.applied.>';
export const DLQ_SUBJECTS = 'osk.dlq.>';
export const PAYLOAD_SUBJECTS = 'osk.payloads.>';
/** Pictures of summaries that were drawn: see {@link pictureSubject}. */
export const PICTURE_SUBJECTS = 'osk.pictures.>';
/** Request/reply subject of the embedder. */
export const EMBED_SUBJECT = 'osk.embed';
/** Queue group of the embedders: NATS gives each request to one of them. */
export const EMBED_QUEUE = 'embedders';

/** Request/reply subject of each process that has consumers: reports their health. */
export const CONSUMER_HEALTH_SUBJECT = 'osk.status.consumers';
/** Request/reply subject of each process that writes events: reports why it cannot. */
export const LOG_PROBLEM_SUBJECT = 'osk.status.log';
/** Request/reply subject of each process with all stores: describes their contents. */
export const STORE_REPORT_SUBJECT = 'osk.status.stores';
/** Request/reply subject of every process: what it is, its settings, and what it has counted. */
export const PROCESS_REPORT_SUBJECT = 'osk.status.processes';
/** Request/reply subject of each process with stores: names the generations that it uses. */
export const GENERATION_USE_SUBJECT = 'osk.generations';
/** How many requests of each key a gateway has counted. */
export const RATES_SUBJECT = 'osk.rates';

/** Tells the processes that run jobs to look which are due. */
export const JOBS_SUBJECT = 'osk.jobs.due';

/** Request/reply subject of a job that each process does for itself. */
export function jobEverywhereSubject(job: string): string {
  return `osk.jobs.everywhere.${job}`;
}

/** Request/reply subject of the keeper of the log: makes an empty log continue above a sequence. */
export const RAISE_SUBJECT = 'osk.keeper.raise';
/** Request/reply subject of the keeper: changes API keys and members for a caller, whose rights it checks itself. */
export const KEY_SERVICE_SUBJECT = 'osk.keeper.keys';

/** Request/reply subject of the processes that run a consumer's projection: replays one of its dead letters. */
export function replaySubject(consumer: string): string {
  return `osk.replay.${consumer}`;
}

/** Where an answer to a request goes, under the prefix of the user who asks; `id` may be `*`. */
export function answerSubject(inboxPrefix: string, request: string, id: string): string {
  return `${inboxPrefix}.${request}.${id}`;
}

/** Replaces the workspace in a user's subject, and the user in a workspace's subject. */
export const NONE = '_';

/** Users, workspaces and memberships. */
export const PEOPLE_SUBJECTS = 'osk.events.*.*.user';

/** `osk.events.<workspaceId>.<userId>.<entity>`: no session id, its cardinality would live in the server's memory. */
export function eventSubject(owner: Owner, entity: Entity): string {
  return `osk.events.${owner.workspaceId}.${owner.userId}.${entity}`;
}

/** Every event of an owner. */
export function ownerSubjects(owner: Owner): string {
  return `osk.events.${owner.workspaceId}.${owner.userId}.*`;
}

/**
 * Whether events on the subject are about users, workspaces, memberships or keys, and therefore change no stored
 * document.
 */
export function isAboutPeople(subject: string): boolean {
  const entity = parseEventSubject(subject)?.entity;
  return entity === 'user' || entity === 'apikey';
}

const EVENT_SUBJECT = /^osk\.events\.[\w-]+\.[\w-]+\.[\w-]+$/;

export interface EventSubject {
  readonly owner: Owner;
  readonly entity: string;
}

/** Consecutive events often have the same owner, so they share the object. */
let lastParsed: { readonly subject: string; readonly parsed: EventSubject } | undefined;

/** The owner and entity of an event's subject, or undefined if it is not one. This process may not know the entity. */
export function parseEventSubject(subject: string): EventSubject | undefined {
  if (lastParsed?.subject === subject) return lastParsed.parsed;
  if (!isEventSubject(subject)) return undefined;
  const [, , workspaceId, userId, entity] = subject.split('.') as [string, string, string, string, string];
  lastParsed = { subject, parsed: { owner: { workspaceId, userId }, entity } };
  return lastParsed.parsed;
}

/** Whether a subject has the form of an event's. */
export function isEventSubject(subject: string): boolean {
  return EVENT_SUBJECT.test(subject);
}

/** `osk.changes.<workspaceId>.<userId>`: ids of documents that changed. */
export function changeSubject(owner: Owner): string {
  return `osk.changes.${owner.workspaceId}.${owner.userId}`;
}

/** The owner of a change's subject, or undefined if it is not one. */
export function parseChangeSubject(subject: string): Owner | undefined {
  const [root, stream, workspaceId, userId, ...rest] = subject.split('.');
  if (root !== 'osk' || stream !== 'changes' || !workspaceId || !userId || rest.length > 0) return undefined;
  return { workspaceId, userId };
}

/** `osk.applied.<workspaceId>.<userId>`: what the documents of an owner now show. */
export function appliedSubject(owner: Owner): string {
  return `osk.applied.${owner.workspaceId}.${owner.userId}`;
}

/** The owner of such a subject, or undefined if it is not one. */
export function parseAppliedSubject(subject: string): Owner | undefined {
  const [root, kind, workspaceId, userId, ...rest] = subject.split('.');
  if (root !== 'osk' || kind !== 'applied' || !workspaceId || !userId || rest.length > 0) return undefined;
  return { workspaceId, userId };
}

/** The events of a workspace about one kind of entity. */
export function workspaceSubjects(workspaceId: string, entity: Entity): string {
  return `osk.events.${workspaceId}.*.${entity}`;
}

/**
 * `osk.dlq.<consumer>.<key>`: a message that the consumer could not process. The key is the id of the document that
 * the letter is about, or the stream sequence if the letter is about the whole message, so a receipt finds the letter
 * of a write.
 */
export function deadLetterSubject(consumer: string, key: string | number): string {
  return `osk.dlq.${consumer}.${key}`;
}

/** Every dead letter of a consumer that has a key in its subject. */
export function deadLetterSubjects(consumer: string): string {
  return `osk.dlq.${consumer}.*`;
}

/** The consumer in a dead letter's subject. Letters from before keys were introduced have only `osk.dlq.<consumer>`. */
export function consumerOfDeadLetter(subject: string): string | undefined {
  return subject.split('.')[2];
}

/**
 * Owner of a payload. `unscoped` is for content without an owner: a dead letter whose subject names none, and exports
 * of an earlier version. No request may read it by a hash that came from a client.
 */
export type PayloadScope = Owner | 'unscoped';

/** `osk.payloads.<workspaceId>.<userId>.<sha256>`, unscoped `osk.payloads.<sha256>`: the chunks of one payload. */
export function payloadSubject(scope: PayloadScope, sha256: string): string {
  if (!SHA256.test(sha256)) throw new TypeError('not a SHA-256 in lowercase hexadecimal');
  return scope === 'unscoped' ? `osk.payloads.${sha256}` : `osk.payloads.${ownerKey(scope)}.${sha256}`;
}

/** Every payload of an owner. */
export function payloadSubjects(owner: Owner): string {
  return `osk.payloads.${ownerKey(owner)}.*`;
}

/** @param hash of what is drawn, in lowercase hexadecimal */
export function pictureSubject(owner: Owner, hash: string): string {
  return `osk.pictures.${ownerKey(owner)}.${hash}`;
}

/** Every picture of an owner. */
export function pictureSubjects(owner: Owner): string {
  return pictureSubject(owner, '*');
}

/** The scope and hash of a payload's subject, or undefined if it is not one. */
export function parsePayloadSubject(subject: string): { scope: PayloadScope; sha256: string } | undefined {
  const [root, stream, ...rest] = subject.split('.');
  const sha256 = rest.at(-1) ?? '';
  if (root !== 'osk' || stream !== 'payloads' || !SHA256.test(sha256)) return undefined;
  if (rest.length === 1) return { scope: 'unscoped', sha256 };
  const [workspaceId, userId] = rest;
  return rest.length === 3 && workspaceId && userId ? { scope: { workspaceId, userId }, sha256 } : undefined;
}
