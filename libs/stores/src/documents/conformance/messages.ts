import { evolveMessage, partsVersion, type MessageState } from '@opensync/contracts';
import { aMessageSynced, SOME_TIME } from '@opensync/testkit';
import type { DocumentStore, MessageKey } from '../port.ts';
import { ada, aMessage, aPart, fresh, save, whole, type OpenStore } from './states.ts';

/** The order of a session's messages, message facts without bodies, and how parts are retired. */
export function messagesConformance(open: OpenStore): void {
  let store: DocumentStore;
  beforeEach(() => {
    store = open();
  });

  describe('keys of messages', () => {
    it('are ordered by creation time, then arrival, in pages from either end', async () => {
      const created = [50, 10, 50, 30, 50, 10, 90];
      const messages = created.map((createdAt, n) =>
        aMessage({ externalId: `m${n}`, createdAt }, { sequence: 100 - n }),
      );
      const elsewhere = aMessage({ externalId: 'elsewhere', sessionExternalId: 'another' });
      await save(store, { messages: [...messages, elsewhere].map(fresh) });
      const expected = messages
        .map(({ id, fields, span }) => ({ id, createdAt: fields.createdAt!, sequence: span.firstSequence }))
        .sort((a, b) => a.createdAt - b.createdAt || a.sequence - b.sequence);
      for (const order of ['asc', 'desc'] as const) {
        for (const limit of [1, 2, 3, 7, 50]) {
          const found: MessageKey[] = [];
          for (let after: MessageKey | undefined; ;) {
            const query = { limit, order, ...(after && { after }) };
            const next = await store.messageKeys(ada, messages[0]!.sessionId, query);
            expect(next.length).toBeLessThanOrEqual(limit);
            found.push(...next);
            expect(found.length).toBeLessThanOrEqual(messages.length);
            after = next.at(-1);
            if (!after) break;
          }
          expect(found).toEqual(order === 'asc' ? expected : expected.toReversed());
        }
      }
    });

    it('are ordered by arrival if messages have no creation time', async () => {
      const messages = [3, 1, 2].map((n) =>
        aMessage({ externalId: `m${n}` }, { sequence: n, time: SOME_TIME + n * 1_000 }),
      );
      await save(store, { messages: messages.map(fresh) });
      const found = await store.messageKeys(ada, messages[0]!.sessionId, { limit: 10 });
      expect(found.map(({ id }) => id)).toEqual([messages[1]!.id, messages[2]!.id, messages[0]!.id]);
    });
  });

  describe('summaries of messages', () => {
    it('sum up the parts, current or not, and the bytes of the whole message', async () => {
      const message = aMessage({ textContent: 'é'.repeat(10), partCount: 4 }, { sequence: 5 });
      const reference = { sha256: 'a'.repeat(64), size: 300_000, preview: 'a' };
      const parts = [
        aPart({ order: 0, content: 'ü'.repeat(50) }, { sequence: 6 }),
        aPart({ order: 1, content: { args: [1, null] } }, { sequence: 7 }),
        aPart({ order: 2, content: undefined, contentRef: reference }, { sequence: 8 }),
        { ...aPart({ order: 3, content: undefined }, { sequence: 3 }), retired: true as const },
      ];
      await save(store, { messages: [fresh(message)], parts });
      const elsewhere = aPart({}, { message: 'elsewhere', sequence: 99 });
      await save(store, { parts: [elsewhere] });
      const found = await store.messageSummaries(ada, ['msg_unknown', message.id, elsewhere.messageId]);
      expect([...found.keys()]).toEqual([message.id]);
      const summary = found.get(message.id)!;
      expect(summary.message).toEqual(message);
      expect(summary.parts).toEqual({ version: partsVersion(parts), lastSequence: 8 });
      expect(summary.bytes).toBe(20 + 102 + '{"args":[1,null]}'.length + 300_000);
    });

    it('exist for an empty message, and for as many as are requested', async () => {
      const messages = Array.from({ length: 1_200 }, (_, n) => aMessage({ externalId: `m${n}` }));
      await save(store, { messages: messages.map(fresh) });
      const found = await store.messageSummaries(
        ada,
        messages.map(({ id }) => id),
      );
      expect(found.size).toBe(1_200);
      expect(found.get(messages[7]!.id)).toEqual({
        message: messages[7],
        parts: { version: 0, lastSequence: 0 },
        bytes: 0,
      });
      expect(await store.messageSummaries(ada, [])).toEqual(new Map());
    });
  });

  describe('settling', () => {
    const ref = (message: Pick<MessageState, 'id'>) => ({ owner: ada, id: message.id });

    it('retires only the parts from before the message was sent again', async () => {
      const first = aMessage({ partCount: 3 }, { sequence: 1 });
      const parts = [0, 1, 2].map((order) => aPart({ order, content: `old ${order}` }, { sequence: 2 + order }));
      await save(store, { messages: [fresh(first)], parts, settle: [ref(first)] });
      expect((await whole(store, first.id))!.parts).toEqual(parts);
      const again = evolveMessage(first, { ...aMessageSynced({ partCount: 1 }), sequence: 10 });
      const part = aPart({ order: 0, content: 'new' }, { sequence: 11 });
      const neighbour = aPart({ content: 'of another message' }, { message: 'other', sequence: 2 });
      await save(store, {
        messages: [{ ...again, revision: 1 }, fresh(aMessage({ externalId: 'other' }, { sequence: 1 }))],
        parts: [part, neighbour],
        settle: [ref(again)],
      });
      const stored = (await whole(store, first.id))!.parts;
      expect(stored).toEqual([
        part,
        ...parts.slice(1).map(({ content: _content, ...others }) => ({ ...others, retired: true })),
      ]);
      expect((await store.messageSummaries(ada, [first.id])).get(first.id)).toMatchObject({
        parts: { version: partsVersion(stored), lastSequence: 11 },
        bytes: '"new"'.length,
      });
      expect((await whole(store, neighbour.messageId))!.parts).toEqual([neighbour]);
    });

    it('uses the stored message, even if this save lost the race for it', async () => {
      const stored = aMessage({ partCount: 1 }, { sequence: 10 });
      await save(store, { messages: [fresh(stored)] });
      const late = aPart({ content: 'late' }, { sequence: 3 });
      const reference = { sha256: 'b'.repeat(64), size: 300_000, preview: 'b' };
      const later = aPart({ order: 1, content: undefined, contentRef: reference }, { sequence: 4 });
      const lost = await save(store, {
        messages: [fresh(aMessage({ partCount: 1 }, { sequence: 2 }))],
        parts: [late, later],
        settle: [ref(stored)],
      });
      expect(lost).toEqual([stored.id]);
      const { parts } = (await whole(store, stored.id))!;
      expect(parts.map(({ content, contentRef, retired }) => [content, contentRef, retired])).toEqual([
        [undefined, undefined, true],
        [undefined, undefined, true],
      ]);
    });

    it('leaves parts alone if their message is unknown or has no count', async () => {
      const part = aPart({ content: 'kept' }, { sequence: 3 });
      await save(store, { parts: [part], settle: [{ owner: ada, id: part.messageId }] });
      const message = aMessage({}, { sequence: 9 });
      await save(store, { messages: [fresh(message)], settle: [ref(message)] });
      expect((await whole(store, message.id))!.parts).toEqual([part]);
    });
  });
}
