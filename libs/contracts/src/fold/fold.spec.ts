import fc from 'fast-check';
import type { StoredEvent } from '../events/event.ts';
import type { MessageSynced, PartSynced, SessionSynced } from '../events/schemas.ts';
import { messageIdOf, partIdOf, sessionIdOf } from '../ids.ts';
import { currentParts, messageView, sessionView } from '../views.ts';
import { evolveMessage, type MessageState } from './message.ts';
import { evolvePart, settlePart, type PartState } from './part.ts';
import { evolveSession, type SessionState } from './session.ts';

const owner = { workspaceId: 'wsp_1', userId: 'usr_1' };
const sessionId = sessionIdOf(owner, 's');
const messageId = messageIdOf(sessionId, 'm');

type Part = Pick<PartSynced, 'type' | 'content'>;
type Sync =
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

const history = fc.array(fc.oneof(sessionSync, messageSync), { minLength: 1, maxLength: 12 });

/** The events of the requests, in the order of the stream. */
function eventsOf(syncs: readonly Sync[]): StoredEvent[] {
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

interface Documents {
  session?: SessionState;
  message?: MessageState;
  parts: Map<string, PartState>;
}

/** What a projector does with one batch: fold all, then settle the parts. */
function project(documents: Documents, batch: readonly StoredEvent[]): Documents {
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

const nothing: Documents = { parts: new Map() };

/** States with their keys sorted, so that two maps filled in different orders compare equal. */
const digest = ({ session, message, parts }: Documents) => ({ session, message, parts: Object.fromEntries(parts) });

describe('folding', () => {
  it('gives the same documents for any order, duplication and split into batches', () => {
    const delivery = history.chain((syncs) => {
      const events = eventsOf(syncs);
      const duplicated = fc
        .array(fc.constantFrom(...events), { maxLength: 10 })
        .map((again) => [...events, ...again])
        .chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
      return fc.record({
        events: fc.constant(events),
        delivered: duplicated,
        batchSizes: fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
      });
    });
    fc.assert(
      fc.property(delivery, ({ events, delivered, batchSizes }) => {
        let documents = nothing;
        for (let at = 0; at < delivered.length;) {
          const size = batchSizes.next().value!;
          documents = project(documents, delivered.slice(at, at + size));
          at += size;
        }
        expect(digest(documents)).toEqual(digest(project(nothing, events)));
      }),
      { numRuns: 500 },
    );
  });

  it('equals the plain reference fold for streams in arrival order', () => {
    fc.assert(
      fc.property(history, (syncs) => {
        const { session, message, parts } = project(nothing, eventsOf(syncs));
        const expected = referenceFold(syncs);
        expect(session && pick(sessionView(session), expected.session)).toEqual(expected.session);
        expect(message && pick(messageView(message, []), expected.message ?? {})).toEqual(expected.message);
        expect(currentParts({ message, parts: [...parts.values()] }).map((part) => part.content)).toEqual(
          expected.parts,
        );
      }),
      { numRuns: 500 },
    );
  });
});

function pick(view: object, like: object) {
  return Object.fromEntries(Object.entries(view).filter(([name]) => name in like));
}

/** The merge rules of the HTTP contract, said as plainly as possible: apply each request to two records in turn. */
function referenceFold(syncs: readonly Sync[]) {
  const session: Record<string, unknown> = {
    title: null,
    model: null,
    promptTokens: 0,
    completionTokens: 0,
    cost: 0,
    durationMs: 0,
    messageCount: 0,
    createdAt: 1001,
  };
  let source: string | undefined;
  let messageSource: string | undefined;
  let totalTokens = 0;
  let message: Record<string, unknown> | undefined;
  let parts: unknown[] = [];
  let sequence = 0;
  const neverZeroed = ['promptTokens', 'completionTokens', 'cost', 'durationMs', 'messageCount'];
  for (const sync of syncs) {
    sequence++;
    if (sync.kind === 'session') {
      const { source: sent, totalTokens: total, ...fields } = sync.data;
      source = sent ?? source;
      totalTokens = total || totalTokens;
      for (const [name, value] of Object.entries(fields)) {
        if (value === undefined || (neverZeroed.includes(name) && value === 0)) continue;
        session[name] = value;
      }
      continue;
    }
    const { source: sent, textContent, ...fields } = sync.data;
    messageSource = sent ?? messageSource;
    message ??= { role: 'unknown', text: null, promptTokens: 0, durationMs: 0, createdAt: 1000 + sequence };
    for (const [name, value] of Object.entries({ ...fields, text: textContent })) {
      if (value === undefined || (neverZeroed.includes(name) && value === 0)) continue;
      message[name] = value;
    }
    if (sync.parts) {
      parts = sync.parts.map((part) => part.content);
      sequence += sync.parts.length;
    }
  }
  session.source = source ?? messageSource ?? 'opencode';
  session.totalTokens = totalTokens || Number(session.promptTokens) + Number(session.completionTokens);
  return { session, message, parts };
}
