import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Json } from '../content/json.ts';
import { decodeEvent, type StoredEvent } from '../events/event.ts';
import { EVENT_CATALOGUE } from '../events/catalogue.ts';
import { eventsOf, history, nothing, project, shuffled, type Documents } from '../testing/histories.ts';
import { messageView, sessionView } from '../views.ts';
import { recognizedMessage } from './message.ts';
import { evolvePart, recognizedPart, settlePart } from './part.ts';
import { recognizedSession } from './session.ts';
import { keepUnknown, type Unknown, type UnknownFields } from './unknown.ts';

const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as {
    subject: string;
    headers: Record<string, string>;
    body: object;
  };

function decodedWith(name: string, fields: string): StoredEvent {
  const { subject, headers, body } = golden(name);
  const json = `${JSON.stringify(body).slice(0, -1)},${fields.slice(1)}`;
  return decodeEvent({ subject, sequence: 7, header: (header) => headers[header], body: () => json });
}

/**
 * Existing fields, treated as fields of a newer version. Today's rules: the latest wins, or a zero never replaces a
 * positive amount.
 */
const NEWER = [
  'source',
  'endReason',
  'projectPath',
  'cost',
  'promptTokens',
  'durationMs',
  'createdAt',
  'requestId',
  'visibility',
  'evalStatus',
  'evalTags',
];

/** The event as read by a process that does not know those fields. */
function asOlderReads(event: StoredEvent): StoredEvent {
  if (event.type === 'dev.opensync.session.deleted.v1' || event.type === 'dev.opensync.part.synced.v1') return event;
  // A message's source is stored on its session, so an older process cannot keep such a field on the message.
  const isNewer = (name: string) =>
    NEWER.includes(name) && !(name === 'source' && event.type === 'dev.opensync.message.synced.v1');
  const said = Object.entries(event.data).filter(([, value]) => value !== undefined);
  const unknown = Object.fromEntries(said.filter(([name]) => isNewer(name)));
  const data = Object.fromEntries(said.filter(([name]) => !isNewer(name)));
  return { ...event, data, ...(Object.keys(unknown).length > 0 && { unknown }) } as StoredEvent;
}

/** The stores' view for a process of today. */
function asNewerLoads({ session, messages, parts }: Documents): Documents {
  return {
    session: session && recognizedSession(session),
    messages: new Map([...messages].map(([id, message]) => [id, recognizedMessage(message)])),
    parts: new Map([...parts].map(([id, part]) => [id, recognizedPart(part)])),
  };
}

const plain = ({ session, messages, parts }: Documents) => ({
  session,
  messages: Object.fromEntries(messages),
  parts: Object.fromEntries(parts),
});

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(0, 1, 2, null, '', 'x', false),
  fc.constant<Json>({ a: [1] }),
  fc.nat(3),
);
const fields = fc.dictionary(fc.constantFrom('mood', 'weather', 'tags', 'a.b', '$set'), value, { minKeys: 1 });

describe('fields of a newer version', () => {
  it.each(Object.keys(EVENT_CATALOGUE))('are read next to the data of %s', (type) => {
    const { data, unknown } = decodedWith(type, '{"mood":"good","__proto__":{"x":1},"weather":{"rain":[1]}}');
    expect(unknown).toEqual({ mood: 'good', weather: { rain: [1] } });
    expect(data).not.toHaveProperty('mood');
    expect(decodedWith(type, '{"mood":1}').unknown).toEqual({ mood: 1 });
  });

  it('are absent if an event has none', () => {
    for (const type of Object.keys(EVENT_CATALOGUE)) {
      const { subject, headers, body } = golden(type);
      const raw = { subject, sequence: 7, header: (name: string) => headers[name], body: () => JSON.stringify(body) };
      expect(decodeEvent(raw)).not.toHaveProperty('unknown');
    }
  });

  it('are kept in any order, with repetitions, by the highest sequence of each', () => {
    const delivery = fc.array(fields, { minLength: 1, maxLength: 8 }).chain((all) => {
      const events = all.map((said, at) => ({ said, sequence: at + 1 }));
      const again = fc.array(fc.constantFrom(...events), { maxLength: 5 });
      return again.chain((more) =>
        fc.record({
          events: fc.constant(events),
          delivered: fc.shuffledSubarray([...events, ...more], { minLength: events.length + more.length }),
        }),
      );
    });
    fc.assert(
      fc.property(delivery, ({ events, delivered }) => {
        const fold = (all: typeof events) =>
          all.reduce<Unknown | undefined>((kept, { said, sequence }) => keepUnknown(kept, said, sequence), undefined);
        const kept = fold(delivered)!;
        expect(kept).toEqual(fold(events));
        for (const [name, [latest]] of Object.entries(kept)) {
          const last = events.findLast(({ said }) => Object.hasOwn(said, name))!;
          expect(latest).toEqual({ sequence: last.sequence, value: last.said[name] });
        }
        // An unchanged state is the same object.
        expect(delivered.reduce((state, { said, sequence }) => keepUnknown(state, said, sequence)!, kept)).toBe(kept);
      }),
      { numRuns: 300 },
    );
  });

  it("turn an older fold, continued by a newer one, into the newer one's result", () => {
    const mixed = history.chain((syncs) =>
      shuffled(eventsOf(syncs)).chain((delivered) =>
        fc.record({
          events: fc.constant(eventsOf(syncs)),
          delivered: fc.constant(delivered),
          byOlder: fc.array(fc.boolean(), { minLength: delivered.length, maxLength: delivered.length }),
        }),
      ),
    );
    fc.assert(
      fc.property(mixed, ({ events, delivered, byOlder }) => {
        let documents = nothing;
        delivered.forEach((event, at) => {
          // In a rolling deployment they take turns.
          documents = byOlder[at]
            ? project(documents, [asOlderReads(event)])
            : project(asNewerLoads(documents), [event]);
        });
        // Once more for each, as a rollup is counted when its session is touched.
        const counted = project(asNewerLoads(documents), []);
        expect(plain(counted)).toEqual(plain(project(nothing, events)));
      }),
      { numRuns: 500 },
    );
  });

  it('are shown by a process that knows them, without another event', () => {
    const [session, message] = eventsOf([
      { kind: 'session', data: { endReason: 'quit', cost: 2 } },
      { kind: 'message', data: { role: 'user', textContent: 'x', durationMs: 7 } },
    ]).map(asOlderReads);
    const older = project(nothing, [session!, message!]);
    expect(sessionView(older.session!)).toMatchObject({ endReason: null, cost: 0 });
    const newer = asNewerLoads(older);
    expect(sessionView(newer.session!)).toMatchObject({ endReason: 'quit', cost: 2 });
    const [stored] = newer.messages.values();
    expect(messageView(stored!, [])).toMatchObject({ durationMs: 7 });
    expect([newer.session, stored]).toEqual([
      expect.not.objectContaining({ unknown: expect.anything() }),
      expect.not.objectContaining({ unknown: expect.anything() }),
    ]);
  });

  it('stay unknown while their values do not fit the field', () => {
    const [event] = eventsOf([{ kind: 'session', data: {} }]);
    const unknown = { cost: 'much', mood: 'good', toString: 1, messageSource: 'x' };
    const session = project(nothing, [{ ...event!, unknown }]).session!;
    expect(recognizedSession(session)).toBe(session);
    expect(Object.keys(session.unknown!).sort()).toEqual(['cost', 'messageSource', 'mood', 'toString']);
  });

  it('are not visible to readers', () => {
    const [event] = eventsOf([{ kind: 'session', data: { title: 'a' } }]);
    const session = project(nothing, [{ ...event!, unknown: { mood: 'good' } }]).session!;
    expect(JSON.stringify(sessionView(session))).not.toContain('mood');
  });

  it('are removed with a deleted session, and with a replaced part', () => {
    const [before, deletion, after] = eventsOf([
      { kind: 'session', data: {} },
      { kind: 'delete' },
      { kind: 'session', data: {} },
    ]);
    const unknown = { mood: 'good' };
    const { session } = project(nothing, [{ ...before!, unknown }, deletion!, after!]);
    expect(session).not.toHaveProperty('unknown');

    const [message, part] = eventsOf([{ kind: 'message', data: {}, parts: [{ type: 'text', content: 'a' }] }]);
    const { messages } = project(nothing, [message!]);
    const state = evolvePart(undefined, { ...part!, unknown } as Parameters<typeof evolvePart>[1]);
    expect(state.unknown).toEqual({ mood: [{ sequence: 2, value: 'good' }] });
    const [head] = messages.values();
    expect(settlePart({ ...head!, sequences: { partCount: 9 } }, state)).not.toHaveProperty('unknown');
    const next = { ...part!, sequence: 5 } as Parameters<typeof evolvePart>[1];
    expect(evolvePart(state, next)).not.toHaveProperty('unknown');
  });

  it('of a part are read by a process that knows them', () => {
    const [, part] = eventsOf([{ kind: 'message', data: {}, parts: [{ type: 'text', content: 'a' }] }]);
    const unknown = { extra: { a: 1 }, media: 'none', mood: 'good' };
    const state = evolvePart(undefined, { ...part!, unknown } as Parameters<typeof evolvePart>[1]);
    const { unknown: kept, ...known } = recognizedPart(state);
    expect(known).toMatchObject({ content: 'a', extra: { a: 1 } });
    expect(Object.keys(kept!)).toEqual(['media', 'mood']);
  });

  it('take a bounded number of bytes, whatever order they arrive in', () => {
    const many = Array.from({ length: 100 }, (_, n): UnknownFields => ({ [`field${n}`]: 'x'.repeat(n * 100) }));
    const fold = (all: readonly (readonly [UnknownFields, number])[]) =>
      all.reduce<Unknown | undefined>((kept, [said, sequence]) => keepUnknown(kept, said, sequence), undefined)!;
    const numbered = many.map((said, at) => [said, at + 1] as const);
    const kept = fold(numbered);
    expect(fold([...numbered].reverse())).toEqual(kept);
    expect(Object.keys(kept)).toHaveLength(32);
    expect(JSON.stringify(kept).length).toBeLessThan(140_000);
    // For a value that is too large, only the time of setting is kept.
    expect(fold([[{ mood: 'x'.repeat(5_000) }, 9]])).toEqual({ mood: [{ sequence: 9 }] });
    expect(
      fold([
        [{ mood: 'x'.repeat(5_000) }, 9],
        [{ mood: 'new' }, 8],
      ]),
    ).toEqual({ mood: [{ sequence: 9 }] });
  });
});
