import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Json } from './json.ts';
import { tokenOf } from './media.ts';
import { mediaAsSent, mediaAsSentJson, putBack } from './put-back.ts';
import { takeOut, takeOutOfText } from './take-out.ts';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(600)]);
const UNKNOWN = randomBytes(1200);
const png = PNG.toString('base64');
const unknown = UNKNOWN.toString('base64');

const lines = (text: string, width: number, lineEnd: string) =>
  text.match(new RegExp(`.{1,${width}}`, 'g'))!.join(lineEnd);

/** The value as sent, restored from the rest and the blobs. */
function sentAgain({ value, media, blobs }: ReturnType<typeof takeOut>): Json {
  const bytes = new Map(blobs.map((blob) => [blob.sha256, blob.bytes]));
  return putBack(value, media, (reference) => mediaAsSent(reference, bytes.get(reference.sha256)!));
}

/** The blobs of a value, after checking that the value can be restored. */
function blobsOf(value: Json) {
  const taken = takeOut(value);
  expect(sentAgain(taken)).toEqual(value);
  for (const { sha256, bytes } of taken.blobs) expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  return taken.media.map(({ sha256, mediaType, name, size }) => ({
    bytes: Buffer.from(taken.blobs.find((blob) => blob.sha256 === sha256)!.bytes),
    size,
    mediaType,
    ...(name !== undefined && { name }),
  }));
}
const PNG_BLOB = { bytes: PNG, size: PNG.length, mediaType: 'image/png' };

describe('base64 in a text', () => {
  it.each([
    ['a data URI in Markdown', `See ![it](data:image/png;base64,${png}) there`],
    ['a data URI with parameters', `url("data:image/png;name=a.png;charset=utf-8;base64,${png}")`],
    ['a data URI in capitals', `<img src='DATA:image/png;BASE64,${png}'>`],
    ['a data URI without a type', `data:;base64,${png}`],
    ['the text as a whole', png],
    ['after a label', `image: ${png}\nThat was it.`],
    ['URL-safe', `img=${PNG.toString('base64url')}&x=1`],
    ['in lines of 76, as mail has it', `Content-Transfer-Encoding: base64\r\n\r\n${lines(png, 76, '\r\n')}\r\n--end`],
    [
      'in lines of 60 within JSON in a string',
      `{"content":"${lines(png, 60, String.raw`\n`)}\\n","encoding":"base64"}`,
    ],
    ['indented, as in YAML', `image: |\n    ${lines(png, 64, '\n    ')}\nname: x`],
    ['with escaped slashes', JSON.stringify({ png }).replaceAll('/', String.raw`\/`)],
    ['without padding', `"${png.replace(/=+$/, '')}"`],
    ['with the wrong padding', `"${png.replace(/=*$/, '=')}"`],
    ['twice', `${png} and ${png}`],
  ])('is extracted: %s', (_, text) => {
    const blobs = blobsOf(text);
    expect(blobs.length).toBeGreaterThan(0);
    for (const blob of blobs) expect(blob).toEqual(PNG_BLOB);
  });

  it('leaves a token in its place, and the surrounding text', () => {
    const { value, media } = takeOutOfText(`before (data:image/png;base64,${png}) after`);
    expect(value).toBe(`before (${tokenOf(media[0]!, 0)}) after`);
  });

  it('is extracted even if its first bytes identify nothing', () => {
    expect(blobsOf(`dump: ${unknown}`)).toEqual([
      { bytes: UNKNOWN, size: UNKNOWN.length, mediaType: 'application/octet-stream' },
    ]);
  });

  const jwt = [{ alg: 'RS256' }, { sub: 'ada', roles: Array.from({ length: 200 }, (_, n) => `role-${n}`) }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat(randomBytes(1500).toString('base64url'))
    .join('.');
  it.each([
    ['prose', 'The quick brown fox jumps over the lazy dog. '.repeat(200)],
    ['a hash', createHash('sha512').update('x').digest('base64')],
    ['hexadecimal', randomBytes(3000).toString('hex')],
    ['hexadecimal in capitals', randomBytes(3000).toString('hex').toUpperCase()],
    ['a JSON Web Token', `Authorization: Bearer ${jwt}`],
    [
      'a lock file',
      Array.from(
        { length: 200 },
        (_, n) => `"integrity": "sha512-${createHash('sha512').update(`${n}`).digest('base64')}",`,
      ).join('\n'),
    ],
    ['a certificate', `-----BEGIN CERTIFICATE-----\n${lines(unknown, 64, '\n')}\n-----END CERTIFICATE-----`],
    ['a private key', `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${lines(unknown, 64, '\n')}\n=abcd\n`],
    ['minified code', 'function a(b,c){return b.d(c)||e[f++]};var g=h?i:j;'.repeat(100)],
    ['a long identifier', 'someVeryLongIdentifierThatNeverEnds2'.repeat(100)],
    ['a long constant', 'SOME_VERY_LONG_CONSTANT_THAT_NEVER_ENDS_2'.repeat(100)],
    ['long paths', 'Users/Ada/Projects/Shop/Source/Components/Button7'.repeat(100)],
    ['a long path of a URL', `/${'api/v1/Sessions/Messages/Parts/'.repeat(60)}`],
    ['digits', '31415926535897932384626433832795'.repeat(100)],
    ['a nucleotide sequence', 'GATTACAT'.repeat(1000)],
    ['a ruler', '='.repeat(2000) + '-'.repeat(2000) + '_'.repeat(2000)],
    ['mappings of a source map', 'AAAA,SAAS,IAAI,CAAC;AACd,OAAO,CAAC;'.repeat(300)],
    ['Chinese', '修复数据库迁移'.repeat(300)],
    ['a list of words', Array.from({ length: 300 }, (_, n) => `word${n}`).join('\n')],
    ['a data URI that is text', `data:image/svg+xml;utf8,<svg>${'<path d="M0 0"/>'.repeat(100)}</svg>`],
  ])('does not include text that only looks like it: %s', (_, text) => {
    expect(takeOut(text)).toEqual({ value: text, media: [], blobs: [] });
  });
});

describe('a blob in a structure', () => {
  it.each<[string, Json]>([
    ['Anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }],
    [
      'Anthropic, within a tool result',
      {
        type: 'tool_result',
        content: [
          { type: 'text', text: 'x' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
        ],
      },
    ],
    ['OpenAI chat', { type: 'image_url', image_url: { url: `data:image/png;base64,${png}`, detail: 'high' } }],
    ['OpenAI responses', { type: 'input_image', image_url: `data:image/png;base64,${png}` }],
    ['OpenAI, as generated', { type: 'image_generation_call', result: png }],
    ['OpenAI, as an image API answers', { data: [{ b64_json: png }] }],
    ['Gemini', { inlineData: { mimeType: 'image/png', data: png } }],
    ['Gemini in snake case', { inline_data: { mime_type: 'image/png', data: png } }],
    ['OpenCode', { type: 'file', mime: 'image/png', url: `data:image/png;base64,${png}` }],
    ['Bedrock', { image: { format: 'png', source: { bytes: png } } }],
    ['MCP', { content: [{ type: 'image', data: png, mimeType: 'image/png' }] }],
    ['Pi', { type: 'image', data: png, mimeType: 'image/png' }],
    ['the AI SDK', { type: 'image', image: png }],
    ['a buffer of Node', { type: 'file', mediaType: 'image/png', data: { type: 'Buffer', data: [...PNG] } }],
    ['a typed array', { type: 'file', mediaType: 'image/png', data: Object.fromEntries(PNG.entries()) }],
    ['stringified arguments', { function: { arguments: JSON.stringify({ image: `data:image/png;base64,${png}` }) } }],
    ['a wrong type', { source: { type: 'base64', media_type: 'image/jpeg', data: png } }],
    ['no type', { type: 'image', source: { data: png } }],
    ['blanks around it', { mimeType: 'image/png', data: `\n ${png}\n` }],
    ['lines', { mimeType: 'image/png', data: lines(png, 76, '\n') }],
    ['a data URI as data', { mimeType: 'image/png', data: `data:image/png;base64,${png}` }],
  ])('is extracted, whichever provider sends it: %s', (_, value) => {
    expect(blobsOf(value)).toEqual([expect.objectContaining(PNG_BLOB)]);
  });

  it.each<[string, Json, string]>([
    ['a file name', { filename: 'shot.png', file_data: png }, 'shot.png'],
    [
      'a title',
      { type: 'document', title: 'A shot', source: { type: 'base64', media_type: 'image/png', data: png } },
      'A shot',
    ],
    ['a path', { type: 'image', path: '/home/ada/shot.png', data: png }, 'shot.png'],
    ['an address', { type: 'resource', resource: { uri: 'file:///c:/shots/shot.png', blob: png } }, 'shot.png'],
  ])('keeps the name that is sent with it: %s', (_, value, name) => {
    expect(blobsOf(value)).toEqual([{ ...PNG_BLOB, name }]);
  });

  it('does not take the name of a tool', () => {
    expect(blobsOf({ type: 'tool_use', name: 'Write', input: { text: png } })).toEqual([PNG_BLOB]);
  });

  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>';
  it.each([
    ['as it is', `data:image/svg+xml;utf8,${svg}`],
    ['percent-encoded', `data:image/svg+xml,${encodeURIComponent(svg)}`],
    ['in base64', `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`],
  ])('may be an SVG %s', (_, url) => {
    expect(blobsOf({ type: 'image_url', image_url: { url } })).toEqual([
      { bytes: Buffer.from(svg), size: svg.length, mediaType: 'image/svg+xml' },
    ]);
  });

  it('is extracted however small it is, if it is declared', () => {
    const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
    const declared: Json[] = [
      { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: gif.toString('base64') } },
      { type: 'image_url', image_url: { url: `data:image/gif;base64,${gif.toString('base64')}` } },
    ];
    for (const value of declared) {
      expect(blobsOf(value)).toEqual([{ bytes: gif, size: gif.length, mediaType: 'image/gif' }]);
    }
    expect(blobsOf({ source: { type: 'base64', media_type: 'text/plain', data: 'aGVsbG8=' } })).toEqual([
      { bytes: Buffer.from('hello'), size: 5, mediaType: 'text/plain' },
    ]);
  });

  it.each<[string, Json]>([
    ['text', { source: { type: 'text', media_type: 'text/plain', data: 'hello' } }],
    ['an address', { mimeType: 'image/png', url: 'https://example.com/a.png' }],
    ['a relative address', { mimeType: 'image/png', url: 'images/logo' }],
    ['something that is no base64', { mimeType: 'image/png', data: 'not base64!' }],
    ['nothing', { mimeType: 'image/png', data: '' }],
    ['a signature', { type: 'thinking', thinking: 'hm', signature: unknown }],
    ['a signature as Gemini has it', { text: 'hm', thoughtSignature: unknown }],
    ['encrypted reasoning', { type: 'reasoning', encrypted_content: unknown }],
    ['redacted reasoning', { type: 'redacted_thinking', data: unknown }],
    ['numbers', { type: 'Buffer', data: [1, 2, 300] }],
    ['measurements', { data: Array.from({ length: 500 }, (_, n) => n / 2) }],
  ])('is not %s', (_, value) => {
    expect(takeOut(value)).toEqual({ value, media: [], blobs: [] });
    expect(takeOut(value).value).toBe(value);
  });

  it('is stored once, however often it occurs', () => {
    const { media, blobs } = takeOut([{ mimeType: 'image/png', data: png }, { content: PNG.toString('base64url') }]);
    expect([media.length, blobs.length]).toEqual([2, 1]);
  });

  it('stays in place once there are more blobs than references fit', () => {
    const values = Array.from({ length: 300 }, (_, n) => ({
      mimeType: 'image/png',
      data: Buffer.concat([PNG, Buffer.from([n >> 8, n])]).toString('base64'),
    }));
    expect(blobsOf(values)).toHaveLength(256);
  });
});

describe('the rest', () => {
  it('shows which text is no token: a token that somebody sent as text', () => {
    const first = takeOut({ text: 'see', data: png, mimeType: 'image/png' });
    const token = (first.value as { data: string }).data;
    const quoted = { mimeType: 'image/png', data: png, text: `the token was ${token}`, [token]: [token] };
    expect(blobsOf(quoted)).toEqual([PNG_BLOB]);
    expect(takeOut({ text: token }).value).toEqual({ text: token });
  });

  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 3000 }),
    fc.uint8Array({ maxLength: 1500 }).map((rest) => Buffer.concat([PNG.subarray(0, 64), rest])),
  );
  const encoded = fc
    .tuple(
      bytes,
      fc.constantFrom('base64', 'base64url'),
      fc.constantFrom('\n', '\r\n', String.raw`\n`, '\n  '),
      fc.option(fc.integer({ min: 40, max: 120 })),
      fc.constantFrom('', '=', 'A', 'QQ', 'data:image/png;base64,', 'data:a/b;x="y";base64,'),
    )
    .map(([raw, encoding, lineEnd, width, odd]) => {
      const text = Buffer.from(raw).toString(encoding as BufferEncoding);
      const inLines = width ? lines(text || 'A', width, lineEnd) : text;
      return odd.startsWith('data:') ? odd + inLines : inLines + odd;
    });
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    encoded,
    fc.array(fc.oneof(fc.string(), encoded)).map((some) => some.join('"')),
  );
  const field = fc.constantFrom(
    'data',
    'url',
    'text',
    'source',
    'type',
    'content',
    'mimeType',
    'signature',
    'name',
    '0',
  );
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.constantFrom<Json>(null, true, 0, -0, 1.5, 'image/png', 'base64', 'opensync:media/', 'opensync:media-1/'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(field, fc.string()), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  it('restores, with the blobs, the sent value byte for byte', () => {
    fc.assert(
      fc.property(value, (sent) => {
        expect(JSON.stringify(sentAgain(takeOut(sent)))).toBe(JSON.stringify(sent));
      }),
      { numRuns: 2_000 },
    );
  });

  it('restores, with the blobs in pieces, the same JSON', async () => {
    await fc.assert(
      fc.asyncProperty(value, fc.integer({ min: 1, max: 700 }), async (sent, size) => {
        const { value: left, media, blobs } = takeOut(sent);
        const bytes = new Map(blobs.map((blob) => [blob.sha256, blob.bytes]));
        for (const reference of media) {
          const whole = Buffer.from(bytes.get(reference.sha256)!);
          const pieces = async function* () {
            for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
          };
          const json = (await Array.fromAsync(mediaAsSentJson(reference, pieces()))).join('');
          const expected = JSON.stringify(mediaAsSent(reference, whole));
          expect(json).toBe(expected.startsWith('"') ? expected.slice(1, -1) : expected);
        }
        expect(left === sent || media.length > 0).toBe(true);
      }),
    );
  });

  it('is found quickly, however large the text is and whatever it contains', () => {
    for (const piece of [
      'word ',
      'a',
      'Ab1/',
      '\n',
      'data:;base64,',
      'A'.repeat(76) + '\n',
      '\\n',
      '/',
      String.raw`\/`,
    ]) {
      const large = piece.repeat(Math.ceil(4_000_000 / piece.length));
      const start = process.threadCpuUsage();
      takeOutOfText(large);
      expect(process.threadCpuUsage(start).user / 1000).toBeLessThan(2_000);
    }
  });
});
