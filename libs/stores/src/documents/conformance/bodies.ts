import { evolveMessage, type MessageHead, type MessageState } from '@opensync/contracts';
import { aMessageSynced } from '@opensync/testkit';
import type { DocumentStore, WholeMessage } from '../port.ts';
import { ada, aMessage, aPart, bob, fresh, ODD_TEXT, save, whole, type OpenStore } from './states.ts';

const LONG = `${ODD_TEXT} ${'lorem ipsum 漢字 '.repeat(20_000)}end`;
const REFERENCE = { sha256: 'a'.repeat(64), size: 900_000, preview: 'the beginning' };

/** Long texts and contents of parts: they stay complete, and only callers that know their size get them. */
export function bodiesConformance(open: OpenStore): void {
  let store: DocumentStore;
  beforeEach(() => {
    store = open();
  });

  const headOf = async (id: string) => (await store.load(ada, { messages: [id] })).messages.get(id)!;
  const evolve = (message: MessageHead, data: object, sequence: number) =>
    evolveMessage(message, { ...aMessageSynced(data), sequence });

  describe('long texts', () => {
    it('appear in heads with their beginning and size, and are stored in full', async () => {
      const message = aMessage({ textContent: LONG, role: 'user' });
      await save(store, { messages: [fresh(message)] });
      const { text } = (await headOf(message.id)).fields;
      expect(text).toEqual({ preview: expect.any(String), size: Buffer.byteLength(LONG) });
      const { preview } = text as { preview: string };
      expect(LONG.startsWith(preview)).toBe(true);
      expect(preview.length).toBeGreaterThan(1_000);
      expect(preview.length).toBeLessThanOrEqual(1_024);
      expect((await store.messageSummaries(ada, [message.id])).get(message.id)!.message.fields.text).toEqual(text);
      expect((await whole(store, message.id))!.message).toEqual(message);
    });

    it.each([
      ['one of 1,000 characters', 'x'.repeat(1_000)],
      ['one of 1,300 characters of three bytes', '漢'.repeat(1_300)],
      ['an empty one', ''],
      ['one with all kinds of characters', ODD_TEXT],
    ])('do not include %s, which is in the head unchanged', async (_, textContent) => {
      const message = aMessage({ textContent });
      await save(store, { messages: [fresh(message)] });
      expect((await headOf(message.id)).fields.text).toBe(textContent);
      expect((await whole(store, message.id))!.message).toEqual(message);
    });

    it('stay if a head is saved without the full text', async () => {
      const message = aMessage({ textContent: LONG });
      await save(store, { messages: [fresh(message)] });
      const head = await headOf(message.id);
      const changed = evolve(head, { promptTokens: 7 }, 5);
      expect(await save(store, { messages: [{ ...changed, revision: 1 }] })).toEqual([]);
      const { message: stored } = (await whole(store, message.id))!;
      expect(stored).toEqual(evolve(message, { promptTokens: 7 }, 5));
      expect(await headOf(message.id)).toEqual({ ...changed, revision: 2 });
    });

    it.each<[string, object, unknown]>([
      ['a short one', { textContent: 'short' }, 'short'],
      ['an empty one', { textContent: '' }, ''],
      ['another long one', { textContent: `${LONG}!` }, `${LONG}!`],
      ['one beside the log', { textRef: REFERENCE }, REFERENCE],
    ])('are replaced by %s, and replace it', async (_, data, text) => {
      const message = aMessage({ textContent: LONG });
      await save(store, { messages: [fresh(message)] });
      const changed = evolve(await headOf(message.id), data, 5);
      await save(store, { messages: [{ ...changed, revision: 1 }] });
      expect((await whole(store, message.id))!.message.fields.text).toEqual(text);
      const back = evolve(await headOf(message.id), { textContent: LONG }, 6);
      await save(store, { messages: [{ ...back, revision: 2 }] });
      expect((await whole(store, message.id))!.message.fields.text).toBe(LONG);
    });

    it('are not replaced by a save that lost the race', async () => {
      const message = aMessage({ textContent: LONG });
      await save(store, { messages: [fresh(message)] });
      for (const revision of [0, 4]) {
        const lost = await save(store, { messages: [{ ...message, fields: { text: `${LONG}!` }, revision }] });
        expect(lost).toEqual([message.id]);
      }
      expect((await whole(store, message.id))!.message).toEqual(message);
    });
  });

  describe('whole messages', () => {
    const kilobyte = 'x'.repeat(1_000);
    const messageOf = (n: number, kilobytes: number): WholeMessage => ({
      message: aMessage({ externalId: `m${n}`, partCount: kilobytes }, { sequence: 10 * n + 1 }),
      parts: Array.from({ length: kilobytes }, (_, order) =>
        aPart({ order, content: kilobyte }, { message: `m${n}`, sequence: 10 * n + 2 + order }),
      ),
    });
    const saveAll = (messages: readonly WholeMessage[]) =>
      save(store, {
        messages: messages.map(({ message }) => fresh(message)),
        parts: messages.flatMap(({ parts }) => parts),
      });
    const idsOf = (messages: readonly WholeMessage[]) => messages.map(({ message }) => message.id);

    it('are returned in the requested order, with their parts in order', async () => {
      const messages = [3, 1, 2].map((n) => messageOf(n, 3));
      await saveAll(messages.map(({ message, parts }) => ({ message, parts: [...parts].reverse() })));
      const ids = idsOf(messages);
      expect(await store.wholeMessages(ada, ['msg_x', ids[0]!, 'msg_y', ids[1]!, ids[2]!], 1e6)).toEqual({
        messages,
        rest: [],
      });
    });

    it.each([
      [10_000, [3, 3, 3, 3]],
      [6_500, [2, 2, 2]],
      [3_300, [1, 1, 1, 1, 1, 1]],
      // Each is larger than the limit, and is still returned.
      [100, [1, 1, 1, 1, 1, 1]],
      [0, [1, 1, 1, 1, 1, 1]],
    ])('are returned until their bytes reach %i, at least one at a time', async (maxBytes, [most]) => {
      const messages = Array.from({ length: 6 }, (_, n) => messageOf(n, 3));
      await saveAll(messages);
      const found: WholeMessage[] = [];
      for (let ids: readonly string[] = ['msg_x', ...idsOf(messages)]; ids.length > 0;) {
        const page = await store.wholeMessages(ada, ids, maxBytes);
        expect(page.messages.length).toBeGreaterThan(0);
        expect(page.messages.length).toBeLessThanOrEqual(most!);
        expect(page.rest.length).toBeLessThan(ids.length);
        found.push(...page.messages);
        ids = page.rest;
      }
      expect(found).toEqual(messages);
    });

    it('are returned in order if there are hundreds, and twice if they are asked for twice', async () => {
      const messages = Array.from({ length: 300 }, (_, n) => messageOf(n, 1));
      await saveAll(messages);
      const wanted = [...messages, messages[0]!];
      const found: WholeMessage[] = [];
      const counts: number[] = [];
      for (let ids: readonly string[] = ['msg_x', ...idsOf(wanted)]; ids.length > 0;) {
        const page = await store.wholeMessages(ada, ids, 200_000);
        counts.push(page.messages.length);
        found.push(...page.messages);
        ids = page.rest;
      }
      expect(counts.length).toBeGreaterThan(1);
      expect(found).toEqual(wanted);
    });

    it('include their texts, and content in the payload store, in their size', async () => {
      const texts: Partial<Parameters<typeof aMessage>[0]>[] = [
        { textContent: 'x'.repeat(3_000) },
        { textContent: 'x'.repeat(9_000) },
        { textRef: { ...REFERENCE, size: 9_000 } },
        { textContent: 'x' },
      ];
      const messages: MessageState[] = texts.map((data, n) => aMessage({ externalId: `m${n}`, ...data }));
      const part = aPart(
        { content: undefined, contentRef: { ...REFERENCE, size: 9_000 } },
        { message: 'm3', sequence: 9 },
      );
      await save(store, { messages: messages.map(fresh), parts: [part] });
      let ids: readonly string[] = messages.map(({ id }) => id);
      for (const left of [3, 2, 1, 0]) {
        ({ rest: ids } = await store.wholeMessages(ada, ids, 8_500));
        expect(ids).toHaveLength(left);
      }
    });

    it('are empty if none are requested or stored', async () => {
      expect(await store.wholeMessages(ada, [], 1e6)).toEqual({ messages: [], rest: [] });
      expect(await store.wholeMessages(ada, ['msg_x'], 1e6)).toEqual({ messages: [], rest: [] });
    });
  });

  describe('extra data of a part', () => {
    const EXTRA = { signature: 'x'.repeat(500), source: ODD_TEXT };
    const MEDIA = [{ sha256: 'b'.repeat(64), size: 7, mediaType: 'image/png', form: { head: 'data:;base64,' } }];

    it('is stored with it, and counts as part of the message', async () => {
      const message = aMessage({ partCount: 2 });
      const parts = [
        aPart({ order: 0, content: 'a', extra: EXTRA, media: MEDIA }, { sequence: 2 }),
        aPart({ order: 1, content: 'b', extraRef: REFERENCE }, { sequence: 3 }),
      ];
      await save(store, { messages: [fresh(message)], parts });
      expect(await whole(store, message.id)).toEqual({ message, parts });
      const { bytes } = (await store.messageSummaries(ada, [message.id])).get(message.id)!;
      expect(bytes).toBe(2 * '"a"'.length + Buffer.byteLength(JSON.stringify(EXTRA)) + REFERENCE.size);
    });

    it('is removed when the part is replaced', async () => {
      const message = aMessage({ partCount: 1 }, { sequence: 5 });
      const part = aPart({ content: 'a', extra: EXTRA, media: MEDIA }, { sequence: 2 });
      const { owner, id } = message;
      await save(store, { messages: [fresh(message)], parts: [part], settle: [{ owner, id }] });
      const { parts } = (await whole(store, id))!;
      expect(parts).toEqual([{ ...aPart({ content: undefined }, { sequence: 2 }), retired: true }]);
      expect(await store.messagesWithMedia(ada, message.sessionId, MEDIA[0]!.sha256)).toEqual([]);
    });
  });

  describe('messages with a blob', () => {
    const blob = (letter: string) => ({ sha256: letter.repeat(64), size: 1, mediaType: 'image/png' });
    const inText = (externalId: string, letter: string, sequence: number, of = 'session-1', owner = ada) =>
      fresh(
        aMessage(
          { externalId, sessionExternalId: of, textContent: 'x', media: [blob('0'), blob(letter)], partCount: 1 },
          { sequence, owner },
        ),
      );

    it('are those of the session that name it, in text or parts, newest first', async () => {
      const messages = [
        inText('m1', 'a', 1),
        inText('m2', 'b', 3),
        inText('m3', 'a', 5, 'session-2'),
        inText('m4', 'a', 6, 'session-1', bob),
        fresh(aMessage({ externalId: 'm5', textContent: `a${'a'.repeat(64)}` }, { sequence: 7 })),
      ];
      const parts = [
        aPart({ media: [blob('a'), blob('c')] }, { message: 'm2', sequence: 4 }),
        aPart({ media: [blob('c')] }, { message: 'm1', sequence: 2 }),
        aPart({ order: 1, media: [blob('c')] }, { message: 'm1', sequence: 9 }),
      ];
      await save(store, { messages, parts });
      const { sessionId } = messages[0]!;
      const [m1, m2, m3] = messages.map(({ id }) => id);
      const found = (letter: string, session = sessionId, owner = ada) =>
        store.messagesWithMedia(owner, session, letter.repeat(64));
      expect(await found('a')).toEqual([m2, m1]);
      expect(await found('b')).toEqual([m2]);
      expect(await found('c')).toEqual([m1, m2]);
      expect(await found('d')).toEqual([]);
      expect(await found('a', messages[2]!.sessionId)).toEqual([m3]);
      expect(await found('a', sessionId, bob)).toEqual([]);
    });
  });

  describe('excerpts', () => {
    const parts = (contents: readonly object[]) =>
      contents.map((data, order) => aPart({ order, ...data }, { sequence: 2 + order }));
    const text = (content: string) => ({ type: 'text', content });

    it.each<[string, object, readonly object[], string | undefined]>([
      ['the text', { textContent: 'words' }, [text('other words')], 'words'],
      ['the text, whatever is in it', { textContent: ODD_TEXT }, [], ODD_TEXT],
      ['what lies beside the log', { textRef: REFERENCE }, [], REFERENCE.preview],
      ['the text parts where the text is empty', { textContent: '' }, [text('a'), text(ODD_TEXT)], `a\n${ODD_TEXT}`],
      [
        'the text parts alone',
        {},
        [
          { type: 'tool-call', content: { toolName: 'x' } },
          text('"quoted" \\ \u0000'),
          { type: 'reasoning', content: 'r' },
        ],
        '"quoted" \\ \u0000',
      ],
      ['the preview of a part', {}, [{ type: 'text', content: undefined, contentRef: REFERENCE }], REFERENCE.preview],
      ['nothing of what is no text', {}, [{ type: 'tool-call', content: { toolName: 'x' } }, text('')], undefined],
      ['nothing', {}, [], undefined],
    ])('show %s', async (_, data, contents, excerpt) => {
      const message = aMessage({ ...data, partCount: contents.length }, { sequence: 1 });
      await save(store, { messages: [fresh(message)], parts: parts(contents) });
      expect((await store.excerpts(ada, [message.id, 'msg_x'])).get(message.id)).toBe(excerpt);
    });

    it('come from the current version of the message', async () => {
      const message = aMessage({ partCount: 1 }, { sequence: 3 });
      const stored = ['old', 'now', 'beyond'].map((content, n) =>
        aPart({ order: Math.max(0, n - 1), ...text(content) }, { sequence: n === 0 ? 2 : 3 + n }),
      );
      await save(store, { messages: [fresh(message)], parts: stored });
      expect([...(await store.excerpts(ada, [message.id])).values()]).toEqual(['now']);
    });

    it.each([
      ['a text', { textContent: LONG }, []],
      ['a part', {}, [text(LONG)]],
      ['many parts', {}, Array.from({ length: 50 }, () => text('漢字 '.repeat(100)))],
      ['a part of escapes', {}, [text('\u0001'.repeat(5_000))]],
    ])('are short however long %s is', async (_, data, contents) => {
      const message = aMessage({ ...data, partCount: contents.length }, { sequence: 1 });
      await save(store, { messages: [fresh(message)], parts: parts(contents) });
      const excerpt = (await store.excerpts(ada, [message.id])).get(message.id)!;
      expect(excerpt.length).toBeGreaterThan(1_000);
      expect(excerpt.length).toBeLessThanOrEqual(1_024);
    });
  });
}
