import { randomBytes } from 'node:crypto';
import {
  normalizeParts,
  takeOutOfText,
  type MessageView,
  type PartState,
  type PartView,
  type PayloadReference,
} from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log/payloads';
import { anOwner } from '@opensync/testkit';
import fc from 'fast-check';
import { PageMedia, piecesOf, type MediaMode } from '../content/media-in-place.ts';
import { LargeContents } from '../content/large-content.ts';
import type { PayloadReader } from '../resources.ts';
import { firstReference, messageJson } from './message-json.ts';

const FIELDS = {
  id: 'msg_1',
  externalId: 'm1',
  sessionId: 'ses_1',
  role: 'user',
  model: null,
  provider: null,
  promptTokens: 0,
  completionTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  cost: 0,
  durationMs: 0,
  createdAt: 5,
};

/** Stored contents by name, in pieces of this many bytes; those with `lostAfter` are lost after that many. */
function stored(pieceBytes: number) {
  const contents = new Map<string, { readonly bytes: Buffer; readonly lostAfter: number }>();
  const opened: string[] = [];
  const payloads: PayloadReader = {
    read: (owner, sha256) => payloads.referenced(owner, sha256),
    async *referenced(_owner, sha256) {
      opened.push(sha256);
      const { bytes, lostAfter } = contents.get(sha256)!;
      for (let at = 0, count = 0; ; at += pieceBytes) {
        if (count++ === lostAfter) throw new PayloadLostError(sha256, 'damaged');
        if (at >= bytes.length) return;
        yield bytes.subarray(at, at + pieceBytes);
      }
    },
  };
  const put = (content: string, lostAfter = Infinity): PayloadReference => {
    const sha256 = `${contents.size}`;
    contents.set(sha256, { bytes: Buffer.from(content), lostAfter });
    return { sha256, size: 1, preview: content.slice(0, 200).toWellFormed() };
  };
  return { payloads, put, opened };
}

function bodiesOf(payloads: PayloadReader, mode?: MediaMode) {
  const media = new PageMedia(payloads, anOwner(), { sessionId: 'ses_1', mode });
  return { contents: new LargeContents(payloads, anOwner()), media };
}

type View = Pick<MessageView, 'text' | 'media' | 'parts'>;

async function jsonOf(view: View, payloads: PayloadReader, mode?: MediaMode) {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(messageJson({ ...FIELDS, ...view }, bodiesOf(payloads, mode)))) {
    pieces.push(Buffer.from(piece));
  }
  return JSON.parse(Buffer.concat(pieces).toString()) as {
    textContent: string | null;
    parts: { content: unknown }[];
  } & Record<string, unknown>;
}

const aPart = (order: number, type: string, content: PartView['content'], contentRef?: PayloadReference): PartView => ({
  id: `prt_${order}`,
  order,
  type,
  content: contentRef ? null : content,
  ...(contentRef && { contentRef }),
});

describe('a message as JSON', () => {
  it('has its fields and parts', async () => {
    const { payloads } = stored(1);
    const parts = [
      aPart(0, 'text', 'a "quoted" word'),
      aPart(1, 'tool-call', { toolName: 'bash' }),
      aPart(2, 'x', null),
    ];
    expect(await jsonOf({ text: 'own\u0000 👍', parts }, payloads)).toEqual({
      _id: 'msg_1',
      ...FIELDS,
      textContent: 'own\u0000 👍',
      parts: [
        { _id: 'prt_0', id: 'prt_0', type: 'text', content: 'a "quoted" word', order: 0 },
        { _id: 'prt_1', id: 'prt_1', type: 'tool-call', content: { toolName: 'bash' }, order: 1 },
        { _id: 'prt_2', id: 'prt_2', type: 'x', content: null, order: 2 },
      ],
    });
  });

  it.each<[string, string | null, PartView[], string | null]>([
    ['its own text', 'own', [aPart(0, 'text', 'one')], 'own'],
    [
      'that of its text parts, if it has none',
      null,
      [aPart(0, 'text', 'one'), aPart(1, 'tool-call', {}), aPart(2, 'text', 'two')],
      'one\ntwo',
    ],
    ['that of its text parts, if its own is empty', '', [aPart(0, 'text', 'one\n')], 'one\n'],
    ['empty, if that is all there is', '', [aPart(0, 'tool-call', 'x')], ''],
    ['nothing, if there are no words', null, [aPart(0, 'tool-call', 'x'), aPart(1, 'text', { odd: true })], null],
    ['an empty text part', null, [aPart(0, 'text', '')], ''],
  ])('shows as text %s', async (_name, text, parts, expected) => {
    expect((await jsonOf({ text, parts }, stored(1).payloads)).textContent).toBe(expected);
  });

  it('is the same wherever its contents are stored, and in whatever pieces', async () => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('\ufeffbom "\\'));
    const text = fc.option(fc.record({ content: word, isLarge: fc.boolean() }));
    const part = fc.record({
      type: fc.constantFrom('text', 'tool-call', 'tool-result'),
      content: fc.oneof(word, fc.jsonValue({ noUnicodeString: false })),
      isLarge: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(part, { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        async (own, parts, size) => {
          const { payloads, put } = stored(size);
          const wellFormed = (value: unknown) =>
            JSON.parse(JSON.stringify(value).toWellFormed()) as PartView['content'];
          const small = {
            text: own && own.content.toWellFormed(),
            parts: parts.map(({ type, content }, at) => aPart(at, type, wellFormed(content))),
          };
          const large = {
            text: own?.isLarge ? put(own.content.toWellFormed()) : small.text,
            parts: small.parts.map((one, at) =>
              parts[at]!.isLarge ? aPart(at, one.type, null, put(JSON.stringify(one.content))) : one,
            ),
          };
          // An empty text is never in the payload store, and a reference counts as a text.
          fc.pre(!(own?.isLarge && own.content === ''));
          expect(await jsonOf(large, payloads)).toEqual(await jsonOf(small, payloads));
        },
      ),
    );
  });

  it('first reads the content that it is known to need first', async () => {
    const { payloads, put, opened } = stored(5);
    const [text, call, own] = [put('"text"'), put('{}'), put('own')];
    const parts = [aPart(0, 'tool-call', null, call), aPart(1, 'text', null, text)];
    for (const [view, reference] of [
      [{ text: null, parts }, text],
      [{ text: 'words', parts }, call],
      [{ text: own, parts }, own],
    ] as const) {
      opened.length = 0;
      await jsonOf(view, payloads);
      expect([opened[0], firstReference({ ...FIELDS, ...view })]).toEqual([reference.sha256, reference]);
    }
    expect(firstReference({ ...FIELDS, text: null, parts: [aPart(0, 'text', 'x')] })).toBeUndefined();
  });

  it('does not read prepared content again', async () => {
    const { payloads, put, opened } = stored(5);
    const contents = new LargeContents(payloads, anOwner());
    const text = put('own text');
    await contents.prepare(text);
    await Array.fromAsync(piecesOf(messageJson({ ...FIELDS, text, parts: [] }, { ...bodiesOf(payloads), contents })));
    expect(opened).toEqual([text.sha256]);
  });

  describe('with extracted blobs', () => {
    const bytes = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(3_000)]);
    const png = bytes.toString('base64');
    const inLines = bytes
      .toString('base64')
      .match(/.{1,76}/g)!
      .join('\n');
    const sent: PartState['content'][] = [
      { type: 'text', text: `日本 ![a "shot"](data:image/png;base64,${png}) 👍\n${png}` },
      { type: 'tool_use', name: 'Write', input: { text: `"${inLines}"`, raw: { type: 'Buffer', data: [...bytes] } } },
      { type: 'tool_result', content: [{ type: 'image', data: png, mimeType: 'image/png' }] },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    ];
    /** The parts as they are stored; the blob under its own hash. */
    function storedParts(pieceBytes: number) {
      const { payloads: large, put, opened } = stored(pieceBytes);
      const normalized = normalizeParts(sent);
      const payloads: PayloadReader = {
        ...large,
        async *read(_owner, sha256) {
          opened.push(sha256);
          const blob = normalized.blobs.find((one) => one.sha256 === sha256);
          if (!blob) throw new PayloadLostError(sha256, 'missing');
          for (let at = 0; at < blob.bytes.length; at += 100) yield blob.bytes.subarray(at, at + 100);
        },
      };
      const parts = normalized.parts!.map((part, order): PartView => ({ id: `prt_${order}`, order, ...part }));
      return { payloads, parts, put, opened, sha256: normalized.blobs[0]!.sha256 };
    }
    const whole = (sent as { text?: string }[])[0]!.text!;

    it('has them as they were sent, wherever its contents are stored', async () => {
      for (const size of [7, 90, 5_000]) {
        const { payloads, parts, put } = storedParts(size);
        const beside = parts.map(({ content, extra, ...part }) => ({
          ...part,
          content: null,
          contentRef: put(JSON.stringify(content)),
          ...(extra !== undefined && { extraRef: put(JSON.stringify(extra)) }),
        }));
        for (const list of [parts, beside]) {
          const json = await jsonOf({ text: null, parts: list }, payloads, 'inline');
          expect(json.textContent).toBe(whole);
          expect(json.parts.map(({ content }) => content)).toEqual([
            whole,
            { toolName: 'Write', args: (sent[1] as { input: unknown }).input },
            [{ type: 'image', data: png, mimeType: 'image/png' }],
            expect.objectContaining({ mediaType: 'image/png', size: bytes.length }),
          ]);
          expect(json.parts[3]).toMatchObject({ extra: sent[3] });
        }
      }
    });

    it('has links, and reads nothing, on request', async () => {
      const { payloads, parts, opened, sha256 } = storedParts(7);
      const url = `/api/sessions/ses_1/media/${sha256}`;
      const json = await jsonOf({ text: null, parts }, payloads, 'link');
      expect(json.textContent).toBe(`日本 ![a "shot"](${url}) 👍\n${url}`);
      expect(json.parts).toMatchObject([
        { media: [{ mediaType: 'image/png', sha256, size: bytes.length, url }] },
        { content: { args: { text: `"${url}"`, raw: { type: 'Buffer', data: url } } } },
        { content: [{ type: 'image', data: url }] },
        {
          content: { mediaType: 'image/png', sha256, size: bytes.length, url },
          extra: { source: { media_type: 'image/png', data: url } },
        },
      ]);
      expect(JSON.stringify(json)).not.toContain('opensync:media');
      expect(opened).toEqual([]);
    });

    it('has a link to its file, and a little of the blobs within texts in place, by default', async () => {
      const { payloads, parts, sha256 } = storedParts(7);
      const json = await jsonOf({ text: null, parts }, payloads);
      expect(json.textContent).toBe(whole);
      expect(json.parts[2]!.content).toEqual([{ type: 'image', data: png, mimeType: 'image/png' }]);
      expect(json.parts[3]).toMatchObject({ extra: { source: { data: `/api/sessions/ses_1/media/${sha256}` } } });
      const large = parts.map((part) => ({ ...part, media: part.media!.map((one) => ({ ...one, size: 900_000 })) }));
      const { textContent } = await jsonOf({ text: null, parts: large }, payloads);
      expect(textContent).not.toContain('base64');
    });

    it('has the link of a lost one', async () => {
      const { payloads, parts, sha256 } = storedParts(7);
      const lost: PayloadReader = {
        ...payloads,

        async *read() {
          throw new PayloadLostError(sha256, 'missing');
        },
      };
      expect(await jsonOf({ text: null, parts }, lost, 'inline')).toEqual(
        await jsonOf({ text: null, parts }, lost, 'link'),
      );
    });

    it('has those of its own text', async () => {
      const { payloads } = storedParts(7);
      const { value, media } = takeOutOfText(whole);
      const json = await jsonOf({ text: value, media, parts: [] }, payloads, 'inline');
      expect(json.textContent).toBe(whole);
      expect(json.media).toEqual([
        expect.objectContaining({ mediaType: 'image/png', url: expect.any(String) as string }),
      ]);
    });
  });

  describe('with lost content', () => {
    it('shows the previews, marked', async () => {
      const { payloads, put } = stored(5);
      const view = {
        text: put('own "text', 0),
        parts: [aPart(0, 'tool-call', null, put('{"toolName":"Rea', 0)), aPart(1, 'text', 'whole')],
      };
      expect(await jsonOf(view, payloads)).toMatchObject({
        textContent: 'own "text',
        textContentLost: true,
        parts: [{ content: 'Rea', contentLost: true }, { content: 'whole' }],
      });
    });

    it('shows the previews of text parts as its text', async () => {
      const { payloads, put } = stored(5);
      const parts = [aPart(0, 'text', null, put('"first', 0)), aPart(1, 'text', 'second')];
      expect((await jsonOf({ text: null, parts }, payloads)).textContent).toBe('first\nsecond');
    });

    it('shows the beginning of a text whose rest is lost, marked', async () => {
      const { payloads, put } = stored(5);
      const { textContent, textContentLost } = await jsonOf({ text: put('one two three', 2), parts: [] }, payloads);
      expect([textContent, textContentLost]).toEqual(['one two th', true]);
    });

    it('fails if a part is lost after its beginning: half of its JSON is not JSON', async () => {
      const { payloads, put } = stored(5);
      const parts = [aPart(0, 'tool-call', null, put('{"toolName":"Read"}', 2))];
      await expect(jsonOf({ text: 'x', parts }, payloads)).rejects.toThrow(PayloadLostError);
    });
  });
});
