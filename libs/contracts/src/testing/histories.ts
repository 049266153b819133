import fc from 'fast-check';
import type { StoredEvent } from '../events/event.ts';
import {
  EVAL_STATUSES,
  type MessageSynced,
  type PartSynced,
  type SessionCurated,
  type SessionSynced,
} from '../events/schemas.ts';
import { messageFacts } from '../fold/facts.ts';
import { evolve, touchedBy } from '../events/catalogue.ts';
import type { MessageState } from '../fold/message.ts';
import { settlePart, type PartState } from '../fold/part.ts';
import { EMPTY_ROLLUP, rollupOf } from '../fold/rollup.ts';
import { isGone, type SessionState } from '../fold/session.ts';
import { messageIdOf, partIdOf, sessionIdOf } from '../ids.ts';
import { VISIBILITIES } from '../owner.ts';

const owner = { workspaceId: 'wsp_1', userId: 'usr_1' };
const sessionId = sessionIdOf(owner, 's');

type Part = Pick<PartSynced, 'type' | 'content'>;
export type Sync =
  | { kind: 'delete' }
  | { kind: 'curate'; data: Partial<Omit<SessionCurated, 'sessionId' | 'externalId'>> }
  | { kind: 'session'; data: Partial<SessionSynced> }
  | { kind: 'message'; externalId?: string; data: Partial<MessageSynced>; parts?: Part[] };

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const word = fc.constantFrom('a', 'b', 'c');
const title = fc.constantFrom('a', 'b', 'Untitled', 'New session - 2026-01-02T03:04:05.678Z');
const model = fc.constantFrom('x', 'y', 'unknown', '<synthetic>');
const text = fc.constantFrom(
  ...['one', 'two', '', '<system-reminder>x</system-reminder>', 'long '.repeat(300)],
  `<system-reminder>${'x'.repeat(2_000)}</system-reminder> deep`,
);
const amount = maybe(fc.constantFrom(0, 0, 1, 7, 40));

const sessionSync: fc.Arbitrary<Sync> = fc
  .record({
    title: maybe(title),
    source: maybe(word),
    model: maybe(model),
    provider: maybe(model),
    promptTokens: amount,
    completionTokens: amount,
    cacheReadTokens: amount,
    totalTokens: amount,
    cost: amount,
    durationMs: amount,
    messageCount: amount,
    createdAt: maybe(fc.integer({ min: 1, max: 9 })),
  })
  .map((data) => ({ kind: 'session', data }));

const messageSync: fc.Arbitrary<Sync> = fc
  .record({
    externalId: fc.constantFrom('m', 'n'),
    data: fc.record({
      role: maybe(fc.constantFrom('user', 'assistant')),
      source: maybe(word),
      textContent: maybe(text),
      prompt: maybe(fc.constantFrom('three', '')),
      model: maybe(model),
      provider: maybe(model),
      requestId: maybe(word),
      promptTokens: amount,
      durationMs: amount,
      createdAt: maybe(fc.integer({ min: 1, max: 9 })),
    }),
    parts: maybe(fc.array(fc.record({ type: fc.constant('text'), content: word }), { maxLength: 3 })),
  })
  .map((sync) => ({ kind: 'message', ...sync }));

const curation: fc.Arbitrary<Sync> = fc
  .record({
    title: maybe(fc.constantFrom('d', 'Untitled')),
    visibility: maybe(fc.constantFrom(...VISIBILITIES)),
    evalReady: maybe(fc.boolean()),
    evalStatus: maybe(fc.constantFrom(...EVAL_STATUSES, null)),
    evalNotes: maybe(fc.constantFrom('a', null)),
    evalTags: maybe(fc.constantFrom<string[]>(['a'], ['a', 'b'], [])),
    expectedOutput: maybe(fc.constantFrom('a', null)),
  })
  .map((data) => ({ kind: 'curate', data }));

export const history = fc.array(fc.oneof(sessionSync, messageSync, curation), { minLength: 1, maxLength: 12 });

/** As `history`, with deletions of the session in between. */
export const historyWithDeletions = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: sessionSync },
    { weight: 5, arbitrary: messageSync },
    { weight: 1, arbitrary: curation },
    { weight: 2, arbitrary: fc.constant<Sync>({ kind: 'delete' }) },
  ),
  { minLength: 1, maxLength: 14 },
);

/** The events of the requests, in the order of the stream. */
export function eventsOf(syncs: readonly Sync[]): StoredEvent[] {
  const events: StoredEvent[] = [];
  const append = (type: StoredEvent['type'], data: object) => {
    const sequence = events.length + 1;
    events.push({ id: `e${sequence}`, type, owner, time: 1000 + sequence, sequence, data } as StoredEvent);
  };
  for (const sync of syncs) {
    if (sync.kind === 'delete') {
      append('dev.opensync.session.deleted.v1', { sessionId, externalId: 's' });
      continue;
    }
    if (sync.kind === 'curate') {
      append('dev.opensync.session.curated.v1', { sessionId, externalId: 's', ...sync.data });
      continue;
    }
    if (sync.kind === 'session') {
      append('dev.opensync.session.synced.v1', { sessionId, externalId: 's', ...sync.data });
      continue;
    }
    const { data, parts, externalId = 'm' } = sync;
    const messageId = messageIdOf(sessionId, externalId);
    append('dev.opensync.message.synced.v1', {
      messageId,
      externalId,
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
  /** By id, like the parts. */
  messages: Map<string, MessageState>;
  parts: Map<string, PartState>;
}

/** What a projector does with one batch: fold all, settle the parts, count the session's rollup. */
export function project(documents: Documents, batch: readonly StoredEvent[]): Documents {
  let { session } = documents;
  const messages = new Map(documents.messages);
  const parts = new Map(documents.parts);
  for (const event of batch) {
    const touched = touchedBy(event);
    if (touched.session !== undefined) session = evolve('session', session, event);
    if (touched.message !== undefined)
      set(messages, touched.message, evolve('message', messages.get(touched.message), event) as MessageState);
    if (touched.part !== undefined) set(parts, touched.part, evolve('part', parts.get(touched.part), event));
  }
  for (const [id, part] of parts) parts.set(id, settlePart(messages.get(part.messageId), part));
  return recounted({ session, messages, parts });
}

function set<State>(states: Map<string, State>, id: string, state: State | undefined): void {
  if (state !== undefined) states.set(id, state);
}

/**
 * What a projector does with a batch if sessions may be deleted; `log` has all events, for a deletion that is folded
 * after later ones.
 */
export function projectWithDeletions(documents: Documents, batch: readonly StoredEvent[], log: readonly StoredEvent[]) {
  const folded = project(documents, batch);
  const deletion = folded.session?.deletion;
  if (!deletion) return folded;
  const isEarlier = (sequence: number) => sequence <= deletion.sequence;
  const isMixed = [...folded.messages.values()].some(
    ({ span }) => isEarlier(span.firstSequence) && !isEarlier(span.lastSequence),
  );
  const { refold, ...settled } = deletion;
  const kept = recounted({
    session: { ...folded.session!, deletion: settled },
    messages: new Map([...folded.messages].filter(([, { span }]) => !isEarlier(span.firstSequence))),
    parts: new Map([...folded.parts].filter(([, { sequence }]) => !isEarlier(sequence))),
  });
  if (!refold && !isMixed) return kept;
  return project(
    kept,
    log.filter(({ sequence }) => !isEarlier(sequence)),
  );
}

function recounted(documents: Documents): Documents {
  const { session, messages, parts } = documents;
  if (!session) return documents;
  const rollup = isGone(session) ? EMPTY_ROLLUP : rollupOf([...messages.values()].map(messageFacts), parts.values());
  return { ...documents, session: { ...session, rollup } };
}

/** One message with all stored states of its parts. */
export function messageWithParts({ messages, parts }: Documents, externalId = 'm') {
  const message = messages.get(messageIdOf(sessionId, externalId));
  return { message, parts: [...parts.values()].filter((part) => part.messageId === message?.id) };
}

export const nothing: Documents = { messages: new Map(), parts: new Map() };

/** The events in any order, some of them more than once. */
export function shuffled(events: readonly StoredEvent[]): fc.Arbitrary<StoredEvent[]> {
  return fc
    .array(fc.constantFrom(...events), { maxLength: 10 })
    .map((again) => [...events, ...again])
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
}
