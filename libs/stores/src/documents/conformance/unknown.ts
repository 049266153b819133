import {
  evolveMessage,
  evolvePart,
  evolveSession,
  type MessageState,
  type PartState,
  type SessionState,
  type UnknownFields,
} from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { ada, fresh, ODD_CONTENT, ODD_TEXT, save, whole, type OpenStore } from './states.ts';

/** Documents that an older process stored, with fields that only a newer one knows. */
export function unknownFieldsConformance(store: OpenStore): void {
  const odd = { $set: ODD_CONTENT, 'a.b': ODD_TEXT, mood: 'good' } as UnknownFields;
  const session = (unknown: UnknownFields): SessionState =>
    evolveSession(undefined, { ...aSessionSynced({}, { owner: ada }), sequence: 1, unknown })!;
  const message = (unknown: UnknownFields): MessageState =>
    evolveMessage(undefined as MessageState | undefined, {
      ...aMessageSynced({ partCount: 1 }, { owner: ada }),
      sequence: 2,
      unknown,
    });
  const part = (unknown: UnknownFields): PartState =>
    evolvePart(undefined, { ...aPartSynced({ content: 'x' }, { owner: ada }), sequence: 3, unknown });
  const stored = async ({ id }: SessionState, { id: messageId }: MessageState) => {
    const { sessions, messages } = await store().load(ada, { sessions: [id], messages: [messageId] });
    const { message: found, parts } = (await whole(store(), messageId))!;
    const { message: summary } = (await store().messageSummaries(ada, [messageId])).get(messageId)!;
    return { session: sessions.get(id)!, head: messages.get(messageId)!, message: found, summary, part: parts[0]! };
  };

  describe('fields of a newer version', () => {
    it('are stored unchanged, and kept through other changes', async () => {
      const states = [session(odd), message(odd), part(odd)] as const;
      await save(store(), { sessions: [fresh(states[0])], messages: [fresh(states[1])], parts: [states[2]] });
      const found = await stored(states[0], states[1]);
      for (const { unknown } of Object.values(found)) expect(Object.keys(unknown!).sort()).toEqual(Object.keys(odd));
      expect(JSON.stringify(found.session.unknown)).toBe(JSON.stringify(states[0].unknown));
      expect(JSON.stringify(found.part.unknown)).toBe(JSON.stringify(states[2].unknown));

      const changed = evolveSession(found.session, {
        ...aSessionSynced({ title: 'new' }, { owner: ada }),
        sequence: 9,
      })!;
      await save(store(), { sessions: [{ ...changed, revision: 1 }], messages: [], parts: [] });
      expect((await stored(states[0], states[1])).session).toMatchObject({
        fields: { title: 'new' },
        unknown: { mood: [{ sequence: 1, value: 'good' }] },
      });
    });

    it('are read by a process that knows them, which stores them as its own', async () => {
      const known = { endReason: 'quit', durationMs: 7, extra: { a: 1 }, mood: 'good' };
      const states = [session(known), message(known), part(known)] as const;
      await save(store(), { sessions: [fresh(states[0])], messages: [fresh(states[1])], parts: [states[2]] });
      const expectRead = async () => {
        const found = await stored(states[0], states[1]);
        expect(found.session).toMatchObject({
          fields: { endReason: 'quit', durationMs: 7 },
          sequences: { endReason: 1, durationMs: 1 },
        });
        expect(found.part).toMatchObject({ extra: { a: 1 } });
        for (const state of [found.head, found.message, found.summary]) {
          expect(state).toMatchObject({ fields: { durationMs: 7 }, sequences: { durationMs: 2 } });
          expect(Object.keys(state.unknown!).sort()).toEqual(['endReason', 'extra', 'mood']);
        }
        expect(Object.keys(found.session.unknown!).sort()).toEqual(['extra', 'mood']);
        return found;
      };
      const { session: before, head } = await expectRead();
      expect(await save(store(), { sessions: [before], messages: [head] })).toEqual([]);
      await expectRead();

      // The last of them is now known, too.
      const { unknown: _ofSession, ...settled } = (await expectRead()).session;
      const { unknown: _ofMessage, ...settledHead } = (await expectRead()).head;
      expect(await save(store(), { sessions: [settled], messages: [settledHead] })).toEqual([]);
      const found = await stored(states[0], states[1]);
      for (const state of [found.session, found.head]) expect(state).not.toHaveProperty('unknown');
    });

    it('are removed with the replaced part, and with the deleted session', async () => {
      const states = [session(odd), message(odd), part(odd)] as const;
      await save(store(), { sessions: [fresh(states[0])], messages: [fresh(states[1])], parts: [states[2]] });
      const again = evolveMessage(states[1], { ...aMessageSynced({ partCount: 0 }, { owner: ada }), sequence: 9 });
      await save(store(), { messages: [{ ...again, revision: 1 }], settle: [{ owner: ada, id: again.id }] });
      const deleted = evolveSession(states[0], {
        ...{ id: 'e', type: 'dev.opensync.session.deleted.v1', owner: ada, time: 5_000, sequence: 10 },
        data: { sessionId: states[0].id, externalId: states[0].externalId },
      })!;
      await save(store(), { sessions: [{ ...deleted, revision: 1 }] });
      const { parts } = (await whole(store(), again.id))!;
      const { gone } = await store().load(ada, { sessions: [deleted.id] });
      expect(parts[0]).toMatchObject({ retired: true });
      for (const state of [parts[0], gone.get(deleted.id)]) expect(state).not.toHaveProperty('unknown');
    });
  });
}
