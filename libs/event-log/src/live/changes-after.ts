import {
  decodeEvent,
  isSessionEvent,
  MalformedEventError,
  changesApplied,
  mergeChanges,
  ownerKey,
  workspaceSubjects,
  type AppliedChange,
  type Entity,
  type Owner,
  type RawEvent,
  type StoredEvent,
} from '@opensync/contracts';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { directGet, type StoredMessage } from '../read/direct-get.ts';
import { streamEnds } from '../read/replay.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';

/** What an owner's events changed. */
export interface ChangedDocuments {
  readonly owner: Owner;
  readonly changes: readonly AppliedChange[];
}

/** Whose events change what live views show. Parts come with their message. */
const ENTITIES: readonly Entity[] = ['session', 'curation', 'message'];
const EVENTS_PER_READ = 128;
const BYTES_PER_READ = 4 * 1024 * 1024;
/** Before a replica that is behind is asked again. */
const LAGGING_MS = 25;

/**
 * What the events of a workspace after a sequence changed, by owner, without a consumer; undefined if that are more
 * than `most` events, or if the log does not have that sequence. @throws AppError UNAVAILABLE
 */
export async function changesAfter(
  nc: LogConnection,
  workspaceId: string,
  { after, most }: { readonly after: number; readonly most: number },
): Promise<readonly ChangedDocuments[] | undefined> {
  const { last } = await streamEnds(nc);
  if (after > last) return undefined;
  const byOwner = new Map<string, { owner: Owner; changes: Map<string, AppliedChange> }>();
  let left = most;
  for (const entity of ENTITIES) {
    for await (const { message, pending } of messagesOf(nc, workspaceSubjects(workspaceId, entity), { after, last })) {
      if (--left < 0 || pending > left) return undefined;
      const event = eventOf(message);
      if (!event) continue;
      const { owner } = event;
      const known = byOwner.get(ownerKey(owner)) ?? { owner, changes: new Map<string, AppliedChange>() };
      byOwner.set(ownerKey(owner), known);
      // At once: the event may be large.
      for (const change of changesApplied([event])) {
        const id = change.message ?? change.session;
        known.changes.set(id, mergeChanges(known.changes.get(id), change));
      }
    }
  }
  return [...byOwner.values()].map(({ owner, changes }) => ({ owner, changes: [...changes.values()] }));
}

/** The messages of a subject, each with the number of those behind it. */
async function* messagesOf(
  nc: LogConnection,
  subject: string,
  { after, last }: { readonly after: number; readonly last: number },
): AsyncGenerator<{ message: RawEvent; pending: number }> {
  for (let next = after + 1; next <= last;) {
    const query = { seq: next, next_by_subj: subject, batch: EVENTS_PER_READ, max_bytes: BYTES_PER_READ };
    const messages = await directGet(nc, STREAM.events, query).catch((error: unknown) => {
      throw unavailable(error);
    });
    for (const message of messages) yield { message: rawEvent(message), pending: message.pending };
    if (messages.length > 0) next = messages.at(-1)!.sequence + 1;
    // Any replica answers a direct read, even one that lacks the newest messages: the leader says whether this is all.
    else if (!(await hasMore(nc, subject, { next, last }))) return;
    else await delay(LAGGING_MS);
  }
}

async function hasMore(
  nc: LogConnection,
  subject: string,
  { next, last }: { readonly next: number; readonly last: number },
): Promise<boolean> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const query: { seq: number; next_by_subj: string } = { seq: next, next_by_subj: subject };
  const stored = await orUnavailable(nc, () => manager.streams.getMessage(STREAM.events, query));
  return stored !== null && stored.seq <= last;
}

function rawEvent(message: StoredMessage): RawEvent {
  return {
    subject: message.header('Nats-Subject')!,
    sequence: message.sequence,
    header: (name) => message.header(name),
    body: () => Buffer.from(message.data).toString(),
  };
}

/** Undefined for what cannot be read as an event of a session: no document shows it. */
function eventOf(raw: RawEvent): StoredEvent | undefined {
  try {
    const event = decodeEvent(raw);
    return isSessionEvent(event) ? event : undefined;
  } catch (error) {
    if (error instanceof MalformedEventError) return undefined;
    throw error;
  }
}
