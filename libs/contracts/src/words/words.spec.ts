import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Json } from '../content/json.ts';
import { normalizeParts } from '../content/normalize.ts';
import { messageWords } from './message-words.ts';
import { previewOf, previewText } from './preview.ts';

/** The words of a message as it was sent. */
function wordsOf(sent: unknown, text = '') {
  const { parts = [] } = normalizeParts(sent);
  return messageWords({ text, parts });
}
const toolWords = (...parts: Json[]) => wordsOf(parts).toolText.split('\n').filter(Boolean);
const result = (content: Json) => toolWords({ type: 'tool-result', content });
const base64 = (bytes: number) => randomBytes(bytes).toString('base64');
const texts = (...contents: string[]) => contents.map((content) => ({ type: 'text', content }));

describe('the words of a message', () => {
  it.each([
    ['its text', 'heron and egret', [], 'heron and egret'],
    ['its parts, where it has no text', '', texts('heron', 'egret'), 'heron\negret'],
    ['its text once, where a part repeats it', ' heron ', texts('heron'), ' heron '],
    [
      'its text once, where several parts say it',
      'heron\n\negret tern',
      texts('heron ', 'egret', 'tern'),
      'heron\n\negret tern',
    ],
    ['its text once, where several parts repeat it', 'heron', texts('heron', 'heron'), 'heron'],
    ['its text and what its parts say beside that', 'heron tern', texts('heron', 'egret', 'tern'), 'heron tern\negret'],
    ['readable reasoning', 'heron', [{ type: 'thinking', thinking: 'egret', signature: 'tern' }], 'heron\negret'],
    [
      'the summary of encrypted reasoning',
      '',
      [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'heron' }], encrypted_content: 'tern' }],
      'heron',
    ],
    ['not those of redacted reasoning', 'heron', [{ type: 'redacted_thinking', data: 'tern' }], 'heron'],
    [
      'the names of its files',
      'heron',
      [{ type: 'file', filename: 'egret.png', mime: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' }],
      'heron\negret.png',
    ],
    [
      'the names of files at an address',
      '',
      [{ type: 'image_url', image_url: { url: 'https://tern.example/a/egret.png?x=1' } }],
      'egret.png',
    ],
    [
      'a document that is text',
      '',
      [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'heron' } }],
      'heron',
    ],
    [
      'none of bookkeeping',
      'heron',
      [
        { type: 'step-start', snapshot: 'tern' },
        { type: 'patch', hash: 'tern', files: ['tern'] },
        { type: 'agent', name: 'tern' },
      ],
      'heron',
    ],
  ])('are %s', (_, text, parts, expected) => {
    expect(wordsOf(parts, text)).toMatchObject({ text: expected, toolText: '' });
  });

  it('are those in the text around a blob', () => {
    const { text, embedded } = wordsOf([`before ![shot](data:image/png;base64,${base64(600)}) after`]);
    expect(text).toMatch(/^before +shot +after$/);
    expect(embedded).toBe(text);
  });

  it('worth embedding are the text of people and models, not names of files and tools', () => {
    const sent = [
      { type: 'text', text: 'what is wrong here?' },
      { type: 'image', path: 'egret.png', data: base64(300), mimeType: 'image/png' },
      { type: 'tool-call', toolName: 'Bash', args: { command: 'ls' } },
      { type: 'tool-result', content: 'tern.txt' },
    ];
    expect(wordsOf(sent)).toEqual({
      text: 'what is wrong here?\negret.png',
      toolText: 'Bash\nls\ntern.txt',
      embedded: 'what is wrong here?',
    });
  });
});

describe('the words of tool calls', () => {
  it('are names, arguments and results, whichever agent calls them', () => {
    expect(
      toolWords(
        {
          type: 'tool_use',
          id: 'toolu_01AbCdEfGh',
          name: 'Bash',
          input: { command: 'npm test', timeout: 5000, background: false },
        },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_01AbCdEfGh',
          is_error: true,
          content: [{ type: 'text', text: '1 failed' }],
        },
        {
          type: 'tool',
          tool: 'read',
          callID: 'call_01AbCdEfGh',
          state: {
            status: 'completed',
            input: { path: 'a.ts' },
            output: 'const a',
            title: 'Reads a',
            time: { start: 1, end: 2 },
          },
        },
      ),
    ).toEqual(['Bash', 'npm test', '5000', 'false', '1 failed', 'read', 'a.ts', 'const a', 'Reads a']);
  });

  it('include those of JSON in a string, however often it is wrapped', () => {
    const args = { command: 'heron --all\negret\n\ttern', n: 7, text: '\u4fee\u590d' };
    const ascii = JSON.stringify(args).replace('\u4fee\u590d', String.raw`\u4fee\u590d`);
    for (const stringified of [
      JSON.stringify(args),
      ascii,
      JSON.stringify(JSON.stringify(args)),
      JSON.stringify(args, null, 2),
    ]) {
      expect(toolWords({ type: 'function', function: { name: 'shell', arguments: stringified } })).toEqual([
        'shell',
        'heron --all',
        'egret',
        '\ttern',
        '7',
        '\u4fee\u590d',
      ]);
      expect(result(stringified)).toEqual(['heron --all', 'egret', '\ttern', '7', '\u4fee\u590d']);
    }
  });

  it.each<[string, string, string[]]>([
    ['JSON lines', '{"a":"x\\ny"}\n{"a":"z"}\n', ['x', 'y', 'z']],
    ['JSON lines with a banner', 'ready\n{"a":"x\\ny"}\n{"a":"z"}', ['ready', 'x', 'y', 'z']],
    [
      'JSON that was cut off',
      '{"stdout":"ok\\nheron passed\\n","codes":[1,22],"tail":"egr',
      ['ok', 'heron passed', '1 22', 'egr'],
    ],
    ['JSON and what follows it', '{"ok":true,"text":"a\\nb"}\nDone in 3 s', ['true', 'a', 'b', 'Done in 3 s']],
    ['a list that was cut off', '[{"name":"x"},{"name":"y\\nz"},{"na', ['x', 'y', 'z', 'na']],
    ['a JSON string', '"a\\nb"', ['a', 'b']],
    ['text in quotes', '"quoted" it said', ['"quoted" it said']],
    ['a log line', '[ERROR] C:\\new\\table "x" failed', ['[ERROR] C:\\new\\table "x" failed']],
    ['code', '{ const a = "b"; }', ['{ const a = "b"; }']],
    ['a number alone', '42', ['42']],
  ])('are those of %s', (_, content, expected) => expect(result(content)).toEqual(expected));

  it('include numbers and flags, at any depth', () => {
    expect(
      toolWords({
        type: 'tool-call',
        toolName: 'kill',
        args: { pid: 487_213, ports: [54_329, 8_443], issue: { number: 90_210 }, force: true },
        result: { exitCode: 137, rows: 3.25, none: null },
      }),
    ).toEqual(['kill', '487213', '54329', '8443', '90210', 'true', '137', '3.25']);
  });

  it('exclude a table of numbers beyond its beginning', () => {
    expect(result(Array.from({ length: 100_000 }, (_, n) => n)).length).toBeLessThan(1_000);
    const strings = Array.from({ length: 200_000 }, (_, n) => `r${n}`);
    expect(result(strings)).toEqual(strings);
  });

  it('exclude ids, hashes, signatures and media types, but not those that people use', () => {
    const hash = createHash('sha256').update('x').digest();
    expect(
      toolWords(
        {
          type: 'function_call',
          call_id: 'call_abcdefgh12',
          id: 'fc_abcdefgh12',
          name: 'commit',
          arguments: { id: 'OPS-1234', sha: hash.toString('hex').slice(0, 7) },
          thoughtSignature: base64(60),
        },
        {
          type: 'function_call_output',
          call_id: 'call_abcdefgh12',
          output: {
            hash: hash.toString('hex'),
            integrity: `sha256-${hash.toString('base64')}`,
            encrypted_index: base64(30),
            mime_type: 'text/html',
            commit: hash.toString('hex').slice(0, 40),
          },
        },
      ),
    ).toEqual(['commit', 'OPS-1234', hash.toString('hex').slice(0, 7), hash.toString('hex').slice(0, 40)]);
  });

  it('exclude blobs, keys and base64 that is too short for a blob', () => {
    for (const length of [36, 48, 64, 100, 400, 900, 20_000]) {
      const text = Array.from({ length: 20 }, () => `heron ${base64(length)} egret`).join('\n');
      const words = result(text).join(' ').match(/\w+/g)!;
      expect(words.filter((word) => word !== 'heron' && word !== 'egret').length).toBeLessThan(20);
      expect(words.length).toBeGreaterThanOrEqual(40);
    }
  });

  it.each([
    'src/components/shoppingCart/CheckoutButtonContainer/index.spec.tsx',
    'org/springframework/beans/factory/support/DefaultListableBeanFactory',
    'AbstractSingletonProxyFactoryBeanConfigurationPostProcessorTest2',
    'THE_VERY_LONG_NAME_OF_A_CONSTANT_IN_SOME_HEADER_FILE_2',
    'https://example.com/a/very/long/path/2024/01/with-some-slug-in-it/and-more',
    createHash('sha1').update('x').digest('hex'),
    createHash('sha512').update('x').digest('hex'),
    '550e8400-e29b-41d4-a716-446655440000',
    'feature/JIRA-1234-add-the-new-checkout-flow-to-the-shopping-cart',
  ])('are whole: %s', (word) => expect(result(`see ${word} there`)).toEqual([`see ${word} there`]));
});

describe('generated text', () => {
  const minified = `/*! heron v1 */${'function a(b,c){return b.d(c)||e[f++]};var g=h?i:j;'.repeat(2_000)}egretWithinTheBundle()`;
  const lock = JSON.stringify(
    {
      name: 'shop',
      lockfileVersion: 3,
      packages: Object.fromEntries(
        Array.from({ length: 300 }, (_, n) => [
          `node_modules/heron-${n}`,
          {
            version: `1.${n}.0`,
            resolved: `https://packages.example/heron-${n}.tgz`,
            integrity: `sha512-${createHash('sha512').update(`${n}`).digest('base64')}`,
            dependencies: { '@egret/tern': '^2.0.0' },
          },
        ]),
      ),
    },
    null,
    2,
  );
  const numbered = (text: string) =>
    text
      .split('\n')
      .map((line, at) => `${String(at + 1).padStart(6)}→${line}`)
      .join('\n');
  const yarn = `# yarn lockfile v1\n\n\n${Array.from({ length: 300 }, (_, n) => `"@heron/egret-${n}@^1.${n}.0":\n  version "1.${n}.1"\n  resolved "https://packages.example/x.tgz#${n}"\n  integrity sha512-${base64(64)}\n`).join('\n')}`;
  const cargo = Array.from(
    { length: 300 },
    (_, n) =>
      `[[package]]\nname = "heron-${n}"\nversion = "0.${n}.0"\nsource = "registry+https://example.com/index"\nchecksum = "${randomBytes(32).toString('hex')}"\ndependencies = [\n "tern",\n]\n`,
  ).join('\n');
  const sums = Array.from(
    { length: 300 },
    (_, n) =>
      `example.com/heron-${n} v1.${n}.0 h1:${base64(32)}\nexample.com/heron-${n} v1.${n}.0/go.mod h1:${base64(32)}`,
  ).join('\n');
  const map = JSON.stringify({
    version: 3,
    file: 'app.js',
    sources: ['src/heron.ts', 'src/egret.ts'],
    names: ['a'],
    sourcesContent: ['const tern = 1;'.repeat(100)],
    mappings: 'AAAA,SAAS;'.repeat(1_000),
  });

  it.each<[string, string, string, number]>([
    ['a minified bundle', minified, 'heron v1', 300],
    ['a minified bundle as a tool shows it', numbered(minified), 'heron v1', 300],
    ['a lock file of npm', lock, 'heron-17', 6_000],
    ['a lock file of npm as a tool shows it', numbered(lock), 'heron-17', 6_000],
    ['a lock file of yarn', yarn, '@heron/egret-17', 8_000],
    ['a lock file of Cargo', cargo, 'heron-17', 6_000],
    ['a lock file of Cargo as a tool shows it', numbered(cargo), 'heron-17', 6_000],
    ['checksums of Go', sums, 'example.com/heron-17', 8_000],
    ['a source map', map, 'src/heron.ts', 60],
    ['a source map, by the file that it is for', map, 'app.js', 60],
  ])('is found by its names, and does not flood the index: %s', (_, content, name, most) => {
    const words = result(content).join('\n');
    expect(words).toContain(name);
    expect(words.length).toBeLessThan(most);
    expect(words).not.toMatch(/sha512|h1:|checksum|sourcesContent/);
    const { text, embedded } = wordsOf(undefined, content);
    expect(text).toContain(name);
    expect(embedded).toBe('');
  });

  it('does not remove the text around it', () => {
    const { text, embedded } = wordsOf(undefined, `Why is this so large?\n${minified}\nPlease look.`);
    expect(text).toMatch(/^Why is this so large\?\n[^\n]{200}\nPlease look\.$/);
    expect(embedded).toBe('Why is this so large?\nPlease look.');
    expect(result(`$ cat package-lock.json\n${lock}\n\nerror: tern is missing`).join('\n')).toMatch(
      /heron-3\n[^]*error: tern is missing/,
    );
  });

  it.each([
    ['a long paragraph', 'The quick brown fox jumps over the lazy dog, and nobody minds. '.repeat(200)],
    ['Chinese without blanks', '修复数据库迁移并且更新文档，然后运行全部测试。'.repeat(100)],
    ['a long line of code', 'const value = compute(first, second) ?? fallback(third); '.repeat(60)],
    ['a short piece of a lock file', '"lockfileVersion": 3\n'.repeat(30)],
  ])('is not %s', (_, text) => {
    expect(wordsOf(undefined, text)).toEqual({ text, toolText: '', embedded: text });
  });

  it.each<[string, string]>([
    ['a long key', randomBytes(3_000).toString('hex')],
    ['one letter', 'A'.repeat(20_000)],
    ['a sequence of DNA', 'ACGTTGCA'.repeat(500)],
    ['escaped bytes', '\\x8f\\x03\\xa1'.repeat(900)],
    ['escaped characters', '\\u4e2d\\u6587'.repeat(900)],
    ['an array of bytes', `[${'137,80,78,71,'.repeat(900)}]`],
    ['an address with a program in it', `https://play.example/#code/${'N4Igbiu2Qn-'.repeat(400)}`],
    ['the path of a picture', `<path d="${'M10.5,20.3c4.1-7.0,0,0'.repeat(300)}"/>`],
  ])('does not remove the sentence that contains it: %s', (_, bulk) => {
    const said = `Why is this refused: ${bulk} although the reed is valid?`;
    const { text, embedded } = wordsOf(undefined, said);
    for (const words of [text, embedded, result(said).join('\n')]) {
      expect(words).toMatch(/^Why is this refused: [^]*although the reed is valid\?$/);
      expect(words.length).toBeLessThan(200);
    }
  });

  it.each<[string, string]>([
    ['columns of numbers', Array.from({ length: 900 }, (_, n) => `${n},${n / 7},${n / 11}`).join('\n')],
    ['an array of bytes', Array.from({ length: 900 }, (_, n) => n % 256).join(', ')],
    [
      'an array of bytes in C',
      Array.from({ length: 900 }, (_, n) => `0x${(n % 256).toString(16).padStart(2, '0')},`).join(' '),
    ],
    [
      'progress bars',
      Array.from({ length: 90 }, (_, n) => `[${'#'.repeat(n % 50)}${' '.repeat(50)}] ${n}%`).join('\n'),
    ],
    ['characters that nobody sees', '\u200b\u200c\u200d'.repeat(900)],
    ['faces', '👨‍👩‍👧‍👦🏳️‍🌈'.repeat(300)],
  ])('has no vector, except for the text around it: %s', (_, bulk) => {
    const { text, embedded } = wordsOf(undefined, `The heron nests\n${bulk}\nand the egret flies`);
    expect(text).toContain(bulk);
    expect(embedded).toBe('The heron nests\nand the egret flies');
  });

  it('includes text with hardly any words, for vectors only', () => {
    const json = `{"rows":[${'{"name":"heron","n":1},'.repeat(200)}`;
    const line = 'key=some,value=other;and=so on '.repeat(200);
    expect(wordsOf(undefined, line)).toMatchObject({ text: line });
    expect(wordsOf(undefined, json).embedded).toBe('');
  });
});

describe('keys and dumps', () => {
  const bytes = (count: number) => randomBytes(count).toString('hex');
  const offset = (line: number, digits = 8) => (line * 16).toString(16).padStart(digits, '0');
  const lines = (count: number, line: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => line(at)).join('\n');
  const pem = (type: string) =>
    `-----BEGIN ${type}-----\n${base64(1200).replace(/.{64}/g, '$&\n')}\n-----END ${type}-----`;
  const xxd = (at: number) => `${offset(at)}: ${bytes(16).replace(/.{4}/g, '$& ')} ..x.}p..^...{...k`;

  it.each<[string, string]>([
    ['a private key', pem('PRIVATE KEY')],
    [
      'an encrypted key',
      pem('RSA PRIVATE KEY').replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B\n\n'),
    ],
    ['a key that is cut off', pem('OPENSSH PRIVATE KEY').slice(0, 900)],
    ['a key in an environment file', pem('PRIVATE KEY').replaceAll('\n', '\\n')],
    [
      'a key of PGP',
      pem('PGP PRIVATE KEY BLOCK').replace('\n', '\nVersion: GnuPG v2\n\n').replace('\n-----END', '\n=aBcD\n-----END'),
    ],
    ['certificates', `${pem('CERTIFICATE')}\n${pem('CERTIFICATE')}`],
    ['a dump of xxd', lines(200, xxd)],
    ['a dump of xxd as a tool shows it', lines(200, (at) => `${String(at + 1).padStart(6)}→${xxd(at)}`)],
    ['a dump of hexdump', lines(200, (at) => `${offset(at)}  ${bytes(16).replace(/../g, '$& ')} |..x.}p..^...{...|`)],
    ['a dump of od', lines(200, (at) => `${offset(at, 7)} ${bytes(16).replace(/.{4}/g, '$& ').trim()}`)],
    ['hexadecimal in one piece', `0x${bytes(3_000)}`],
    [
      'a binary patch',
      `GIT binary patch\nliteral 9000\n${lines(100, () => `z${base64(48).replaceAll(/[+/=]/g, '{')}`)}\n\n`,
    ],
    [
      'an icon in a style sheet',
      `data:image/svg+xml,${encodeURIComponent('<svg><path d="M0 0h24v24H0z"/></svg>').repeat(9)}`,
    ],
  ])('have no words: %s', (_, noise) => {
    const said = `heron nests\n${noise}\negret flies`;
    const words = wordsOf(undefined, said);
    for (const text of [words.text, words.embedded, result(said).join('\n')]) {
      expect(text).toMatch(/^heron nests[^]*egret flies$/);
      expect(
        text.replaceAll(/BEGIN|END|PRIVATE|RSA|OPENSSH|PGP|BLOCK|KEY|CERTIFICATE|GIT binary patch/g, '').match(/\w+/g)!
          .length,
      ).toBeLessThan(12);
    }
  });

  it.each<[string, string]>([
    ['columns of numbers', lines(20, (at) => `${2000 + at} 12 31 10 20 30 40 ${at}`)],
    ['two lines that are explained', `${xxd(0)}\n${xxd(1)}\nThe first two bytes are the magic number`],
    ['words of hexadecimal letters', lines(20, () => 'dead beef faded cafe, added facade')],
    ['a list of commits', lines(50, (at) => `${bytes(4).slice(0, 7)} Fix heron ${at} in the nest`)],
    ['what a patch says before its block', 'literal 5\nheron egret tern\ndelta 7\nnest'],
    ['an address that says data', 'metadata: image/png, data:text/plain,hello'],
  ])('are not %s', (_, text) => expect(wordsOf(undefined, text)).toMatchObject({ text, embedded: text }));

  it('ids and hashes are found as words and have no vector', () => {
    const uuid = '550e8400-e29b-41d4-a716-446655440000';
    const sums = lines(100, (at) => `${bytes(32)}  heron${at}.txt`);
    const { text, embedded } = wordsOf(undefined, `session ${uuid} of the nest\n${sums}`);
    expect(text).toContain(uuid);
    expect(text).toContain(sums);
    expect(embedded).not.toMatch(/[\da-f]{8}/);
    expect(embedded).toMatch(/^session +of the nest\n +heron0\.txt\n/);
  });

  it('are found in linear time', () => {
    for (const text of [
      '-----BEGIN A-----'.repeat(50_000),
      'data:image/x,'.repeat(80_000),
      `${'ab '.repeat(400_000)}x`,
      `GIT binary patch\n${'literal 1\nzabcdef\n'.repeat(60_000)}`,
      '00000000 ab cd ef 01 23 \n'.repeat(50_000),
      'a'.repeat(2 ** 20),
    ]) {
      const start = process.threadCpuUsage();
      wordsOf(undefined, text);
      expect(process.threadCpuUsage(start).user / 1000).toBeLessThan(3_000);
    }
  });
});

describe('words', () => {
  it.each([
    ['ten thousand parts beside a text of many blanks', `heron${' '.repeat(2 ** 23)}egret`, 'heron'],
    ['ten thousand parts', '', 'b '.repeat(450)],
    ['ten thousand parts beside a long text that is much like them', 'a '.repeat(2 ** 19), 'a '.repeat(220)],
  ])('are extracted from %s in linear time', (_, text, beginning) => {
    const parts = texts(...Array.from({ length: 10_000 }, (_part, n) => `${beginning}${n} ${'a '.repeat(220)}`));
    const start = process.threadCpuUsage();
    const words = messageWords({ text, parts });
    // This used to take half a minute and more.
    expect(process.threadCpuUsage(start).user / 1000).toBeLessThan(3_000);
    expect(words.text.split('\n').filter((line) => line !== text)).toHaveLength(10_000);
  });

  it.each([
    '{"',
    '[{"a":',
    '\\"',
    'a/',
    'Aa1',
    '"',
    '    1→"',
    '"a": ',
    '{"lockfileVersion":1,\n',
    '{"version":3,"mappings":"',
  ])('are extracted from %j, repeated many times, in linear time', (piece) => {
    const large = piece.repeat(Math.ceil(1_000_000 / piece.length));
    for (const content of [
      large,
      `"lockfileVersion"\n${large}`,
      `# yarn lockfile v1\n${large}`,
      `[[package]]\n${large}`,
    ]) {
      const start = process.threadCpuUsage();
      messageWords({ text: content, parts: [{ type: 'tool-result', content }] });
      expect(process.threadCpuUsage(start).user / 1000).toBeLessThan(3_000);
    }
  });

  it.each([
    ['Hindi', 'यह सवाल है कि वह कब आएगा और क्यों नहीं गया। '],
    ['Thai', 'ผู้ใช้เปิดหน้าเว็บแล้วเจอข้อผิดพลาดทุกครั้ง '],
    ['Tamil', 'இந்த பிழை ஏன் வருகிறது என்று தெரியவில்லை. '],
    ['Arabic with vowel signs', 'هَلْ تَعْمَلُ الخِدْمَةُ بَعْدَ التَّحْدِيثِ؟ '],
    ['Japanese', '検索結果が空になる理由を調べてください。'],
    ['words with numbers', 'step1 node12 shard7 v2 pod404 '],
    ['short words', 'is it up? no, it is not ok, so I go on: do we go by it or is it as it is to me? What now? '],
  ])('of a long text in %s are all worth a vector', (_, sentence) => {
    const text = sentence.repeat(60).trim();
    expect(messageWords({ text, parts: [] }).embedded).toBe(text);
  });

  it('are extracted from any JSON without throwing', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.constantFrom('text', 'reasoning', 'tool-call', 'tool-result', 'media', 'other', 'file'),
        (content, type) => {
          const { text, toolText, embedded } = messageWords({ text: '', parts: [{ type, content: content as Json }] });
          for (const words of [text, toolText, embedded]) expect(typeof words).toBe('string');
        },
      ),
    );
  });
});

describe('previews', () => {
  it('are text, not JSON source', () => {
    expect(previewOf('"quoted"\n\ttext')).toBe('"quoted"\n\ttext');
    expect(previewOf({ toolName: 'Bash', args: { command: 'npm\ntest' } })).toBe('Bash\nnpm\ntest');
    expect(previewOf(`${'a '.repeat(99)}b😀`)).toMatch(/ b\ufffd$/);
    expect(previewOf('x'.repeat(1_000))).toHaveLength(200);
  });

  it.each([
    ['"The beginning of\\n a \\"text', 'The beginning of\n a "text'],
    ['{"toolName":"Bash","args":{"command":"npm te', 'Bash\nnpm te'],
    ['[{"type":"text","text":"a"},{"ty', 'text\na\nty'],
  ])('of earlier versions are read as text: %s', (preview, text) => {
    expect(previewText({ sha256: '0'.repeat(64), size: 1, preview })).toBe(text);
    expect(previewText({ sha256: '0'.repeat(64), size: 1, preview, readable: true })).toBe(preview);
  });
});
