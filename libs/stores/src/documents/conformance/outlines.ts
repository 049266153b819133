import {
  evolveMessage,
  messageIdOf,
  messageOutline,
  partOutline,
  sessionIdOf,
  type MessageState,
  type PartState,
} from '@opensync/contracts';
import { aMessageSynced } from '@opensync/testkit';
import { TOOL_PARTS_PER_CALL } from '../outlines.ts';
import type { DocumentStore, MessagePlace, OutlinedMessage } from '../port.ts';
import { ada, aMessage, aPart, bob, cid, fresh, ODD_CONTENT, ODD_TEXT, save, type OpenStore } from './states.ts';

const SESSION = sessionIdOf(ada, 'session-1');

/** Outlines of messages, and tool calls with their results, from columns. */
export function outlinesConformance(open: OpenStore): void {
  let store: DocumentStore;
  beforeEach(() => {
    store = open();
  });

  const outlined = (message: MessageState, parts: readonly PartState[] = []): OutlinedMessage => ({
    id: message.id,
    createdAt: message.fields.createdAt ?? message.span.firstAt,
    sequence: message.span.firstSequence,
    outline: messageOutline(message),
    parts: parts.map((part) => ({ order: part.order, type: part.type, facts: partOutline(part)! })),
  });
  const outlines = async (limit = 100, owner = ada) =>
    (await store.messageOutlines(owner, SESSION, { limit })).messages;
  const call = (callId: string, toolName = 'Bash') => ({ toolName, args: { a: 1 }, toolCallId: callId });

  describe('outlines of messages', () => {
    it('say what the messages and their current parts are, in pages from either end', async () => {
      const messages = Array.from({ length: 12 }, (_, n) =>
        aMessage(
          {
            externalId: `m${n}`,
            createdAt: 50 - (n % 4),
            role: n % 2 ? 'assistant' : ODD_TEXT,
            textContent: n % 3 ? `${ODD_TEXT}\n`.repeat(n * 40) : undefined,
            promptTokens: n,
            partCount: n % 3 ? 0 : 3,
          },
          { sequence: 10 * n + 1 },
        ),
      );
      const parts = messages.flatMap((message, n) =>
        n % 3
          ? []
          : [
              aPart({ order: 0, type: 'text', content: 'one\ntwo' }, { message: `m${n}`, sequence: 10 * n + 2 }),
              aPart(
                { order: 1, type: 'tool-call', content: call('c', ODD_TEXT) },
                { message: `m${n}`, sequence: 10 * n + 3 },
              ),
              aPart({ order: 2, type: ODD_TEXT, content: ODD_CONTENT }, { message: `m${n}`, sequence: 10 * n + 4 }),
            ],
      );
      const elsewhere = aMessage({ externalId: 'elsewhere', sessionExternalId: 'another' });
      await save(store, { messages: [...messages, elsewhere].map(fresh), parts });
      const expected = messages
        .map((message) =>
          outlined(
            message,
            parts.filter(({ messageId }) => messageId === message.id),
          ),
        )
        .sort((a, b) => a.createdAt - b.createdAt || a.sequence - b.sequence);
      for (const order of ['asc', 'desc'] as const) {
        for (const limit of [1, 5, 12, 50]) {
          const found: OutlinedMessage[] = [];
          for (let after: MessagePlace | undefined; ;) {
            const page = await store.messageOutlines(ada, SESSION, { limit, order, ...(after && { after }) });
            found.push(...page.messages);
            expect(found.length).toBeLessThanOrEqual(messages.length);
            if (page.isLast) break;
            after = page.messages.at(-1);
          }
          expect(found).toEqual(order === 'asc' ? expected : expected.toReversed());
        }
      }
      for (const owner of [bob, cid]) expect(await outlines(100, owner)).toEqual([]);
    });

    it('follow a message that is sent again, with other parts or with the same text', async () => {
      const first = aMessage({ partCount: 2, textContent: 'x'.repeat(9_000) }, { sequence: 1 });
      const former = [0, 1].map((order) => aPart({ order, content: 'former' }, { sequence: 2 + order }));
      await save(store, { messages: [fresh(first)], parts: former });
      expect(await outlines()).toEqual([outlined(first, former)]);
      const { messages } = await store.load(ada, { messages: [first.id] });
      const event = { ...aMessageSynced({ partCount: 1, promptTokens: 7 }), sequence: 10 };
      const again = evolveMessage(messages.get(first.id), event);
      const whole = evolveMessage(first, event);
      await save(store, { messages: [{ ...again, revision: 1 }] });
      // Not settled yet: the former parts are not current any more.
      expect(await outlines()).toEqual([outlined(whole)]);
      const part = aPart({ order: 0, type: 'reasoning', content: 'new\n\nnew' }, { sequence: 11 });
      await save(store, { parts: [part], settle: [{ owner: ada, id: first.id }] });
      expect(await outlines()).toEqual([outlined(whole, [part])]);
    });

    it('know the tool of a part whose content is in the payload store', async () => {
      const message = aMessage({ partCount: 1 }, { sequence: 1 });
      const contentRef = {
        sha256: 'a'.repeat(64),
        size: 300_000,
        preview: 'line\n'.repeat(40),
        readable: true as const,
      };
      const tool = { toolName: 'Read', callId: 'c1', isError: true as const };
      const part = aPart({ type: 'tool-result', content: undefined, contentRef, tool }, { sequence: 2 });
      await save(store, { messages: [fresh(message)], parts: [part] });
      expect(await outlines()).toEqual([outlined(message, [part])]);
      expect((await outlines())[0]!.parts[0]!.facts).toMatchObject({ ...tool, lines: expect.any(Number) });
      expect((await store.wholeMessages(ada, [message.id], 0)).messages[0]!.parts).toEqual([part]);
      expect(await store.toolParts(ada, SESSION, ['c1'])).toMatchObject([{ callId: 'c1', facts: tool }]);
    });

    it('are fewer at a time if they are large, and at least one', async () => {
      const sizes = [1_500, 3_000, 1];
      const messages = sizes.map((partCount, n) =>
        aMessage({ externalId: `m${n}`, createdAt: n, partCount }, { sequence: 1 }),
      );
      const parts = sizes.flatMap((count, n) =>
        Array.from({ length: count }, (_, order) =>
          aPart(
            { order, type: 'tool-call', content: call('c'.repeat(256), 't'.repeat(128)) },
            { message: `m${n}`, sequence: 2 },
          ),
        ),
      );
      await save(store, { messages: messages.map(fresh), parts });
      const pages: number[][] = [];
      for (let after: MessagePlace | undefined; ;) {
        const page = await store.messageOutlines(ada, SESSION, { limit: 100, ...(after && { after }) });
        pages.push(page.messages.map((message) => message.parts.length));
        if (page.isLast) break;
        after = page.messages.at(-1);
      }
      expect(pages).toEqual([[1_500], [3_000], [1]]);
    });
  });

  describe('tool calls and results', () => {
    it('are found by their call id within the session, in order, while they are current', async () => {
      const messages = [3, 1, 2].map((createdAt, n) =>
        aMessage({ externalId: `m${n}`, createdAt, partCount: 2 }, { sequence: 10 * n + 1 }),
      );
      const part = (n: number, order: number, type: string, content: PartState['content']) =>
        aPart({ order, type, content }, { message: `m${n}`, sequence: 10 * n + 2 + order });
      const parts = [
        part(0, 0, 'tool-result', { tool_use_id: 'one', result: 'late', is_error: true }),
        part(1, 0, 'tool-call', call('one')),
        part(1, 1, 'tool-call', call('two')),
        part(2, 0, 'tool-result', { tool_use_id: 'one', result: 'early' }),
        part(2, 1, 'text', 'one'),
        // Beyond the number of parts that its message has.
        part(2, 2, 'tool-result', { tool_use_id: 'one', result: 'former' }),
      ];
      const other = aMessage({ externalId: 'other', sessionExternalId: 'another', partCount: 1 }, { sequence: 50 });
      const otherPart = {
        ...aPart({ type: 'tool-call', content: call('one') }, { message: 'other', sequence: 51 }),
        sessionId: other.sessionId,
        messageId: other.id,
      };
      await save(store, { messages: [...messages, other].map(fresh), parts: [...parts, otherPart] });
      const id = (n: number) => messageIdOf(SESSION, `m${n}`);
      const found = await store.toolParts(ada, SESSION, ['two', 'none', 'one']);
      expect(found.map(({ callId, messageId, order, type }) => [callId, messageId, order, type])).toEqual([
        ['one', id(1), 0, 'tool-call'],
        ['two', id(1), 1, 'tool-call'],
        ['one', id(2), 0, 'tool-result'],
        ['one', id(0), 0, 'tool-result'],
      ]);
      expect(found[3]).toMatchObject({ createdAt: 3, sequence: 1, facts: { callId: 'one', isError: true } });
      expect(await store.toolParts(ada, SESSION, [])).toEqual([]);
      for (const owner of [bob, cid]) expect(await store.toolParts(owner, SESSION, ['one'])).toEqual([]);

      const again = evolveMessage(messages[0], {
        ...aMessageSynced({ externalId: 'm0', partCount: 0 }),
        sequence: 90,
      });
      await save(store, { messages: [{ ...again, revision: 1 }], settle: [{ owner: ada, id: again.id }] });
      expect(await store.toolParts(ada, SESSION, ['one'])).toHaveLength(2);
    });

    it.each([20, 200])('are a few of a call that has %i, and those of the calls beside it', async (many) => {
      const message = aMessage({ externalId: 'm0', partCount: many + 1 }, { sequence: 1 });
      const parts = Array.from({ length: many + 1 }, (_, order) =>
        aPart(
          { order, type: 'tool-call', content: call(order < many ? 'streamed' : 'once') },
          { message: 'm0', sequence: 2 + order },
        ),
      );
      await save(store, { messages: [fresh(message)], parts });
      const found = await store.toolParts(ada, SESSION, ['streamed', 'once']);
      const counts = Map.groupBy(found, ({ callId }) => callId);
      expect(counts.get('streamed')).toHaveLength(TOOL_PARTS_PER_CALL);
      expect(counts.get('once')).toHaveLength(1);
    });
  });
}
