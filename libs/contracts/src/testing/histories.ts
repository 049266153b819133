import fc from 'fast-check';
import type { StoredEvent } from '../events/event.ts';
import type { MessageSynced, PartSynced, SessionSynced } from '../events/schemas.ts';
import { evolveMessage, type MessageState } from '../fold/message.ts';
import { evolvePart, settlePart, type PartState } from '../fold/part.ts';
import { evolveSession, type SessionState } from '../fold/session.ts';
import { messageIdOf, partIdOf, sessionIdOf } from '../ids.ts';

const owner = { workspaceId: 'wsp_1', userId: 'usr_1' };
const sessionId = sessionIdOf(owner, 's');
const messageId = messageIdOf(sessionId, 'm');

type Part = Pick<PartSynced, 'type' | 'content'>;
export type Sync =
  { kind: 'session'; data: Partial<SessionSynced> } | { kind: 'message'; data: Partial<MessageSynced>; parts?: Part[] };

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const word = fc.constantFrom('a', 'b', 'c');
const amount = maybe(fc.constantFrom(0, 0, 1, 7, 40));

const sessionSync: fc.Arbitrary<Sync> = fc
  .record({
    title: maybe(word),
    source: maybe(word),
    model: maybe(word),
    promptTokens: amount,
    completionTokens: amount,
    totalTokens: amount,
    cost: amount,
    durationMs: amount,
    messageCount: amount,
    createdAt: maybe(fc.integer({ min: 1, max: 9 })),
  })
  .map((data) => ({ kind: 'session', data }));

const messageSync: fc.Arbitrary<Sync> = fc
  .record({
    data: fc.record({
      role: maybe(word),
      source: maybe(word),
      textContent: maybe(word),
      promptTokens: amount,
      durationMs: amount,
      createdAt: maybe(fc.integer({ min: 1, max: 9 })),
    }),
    parts: maybe(fc.array(fc.record({ type: fc.constant('text'), content: word }), { maxLength: 3 })),
  })
  .map((sync) => ({ kind: 'message', ...sync }));

export const history = fc.array(fc.oneof(sessionSync, messageSync), { minLength: 1, maxLength: 12 });

/** The events of the requests, in the order of the stream. */
export function eventsOf(syncs: readonly Sync[]): StoredEvent[] {
  const events: StoredEvent[] = [];
  const append = (type: StoredEvent['type'], data: object) => {
    const sequence = events.length + 1;
    events.push({ id: `e${sequence}`, type, owner, time: 1000 + sequence, sequence, data } as StoredEvent);
  };
  for (const sync of syncs) {
    if (sync.kind === 'session') {
      append('dev.opensync.session.synced.v1', { sessionId, externalId: 's', ...sync.data });
      continue;
    }
    const { data, parts } = sync;
    append('dev.opensync.message.synced.v1', {
      messageId,
      externalId: 'm',
      sessionId,
      sessionExternalId: 's',
      ...data,
      partCount: parts?.length,
    });
    parts?.forEach((part, order) =>
      append('dev.opensync.part.synced.v1', {
        partId: partIdOf(messageId, order),
        messageId,
        sessionId,
        order,
        ...part,
      }),
    );
  }
  return events;
}

export interface Documents {
  session?: SessionState;
  message?: MessageState;
  parts: Map<string, PartState>;
}

/** What a projector does with one batch: fold all, then settle the parts. */
export function project(documents: Documents, batch: readonly StoredEvent[]): Documents {
  let { session, message } = documents;
  const parts = new Map(documents.parts);
  for (const event of batch) {
    session = evolveSession(session, event);
    if (event.type === 'dev.opensync.message.synced.v1') message = evolveMessage(message, event);
    if (event.type === 'dev.opensync.part.synced.v1') {
      parts.set(event.data.partId, evolvePart(parts.get(event.data.partId), event));
    }
  }
  for (const [id, part] of parts) parts.set(id, settlePart(message, part));
  return { session, message, parts };
}

export const nothing: Documents = { parts: new Map() };

/** The events in any order, some of them more than once. */
export function shuffled(events: readonly StoredEvent[]): fc.Arbitrary<StoredEvent[]> {
  return fc
    .array(fc.constantFrom(...events), { maxLength: 10 })
    .map((again) => [...events, ...again])
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
}
