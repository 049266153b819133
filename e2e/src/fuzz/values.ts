import fc from 'fast-check';

/** Texts that break careless parsers, engines, paths, logs and terminals. */
const ODD_TEXTS = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u202eabc',
    '\ufeff',
    '\uffff',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
    'Kate',
  ],
  ...['../../../etc/passwd', '..\\..\\', '/', '//', '.', '..', '%00', '%2e%2e%2f', '%', '%E0%A4%A', '%ff', 'a/b?c#d'],
  ...[
    "'; DROP TABLE messages; --",
    '" OR 1=1 --',
    "1' AND SLEEP(5)='",
    '"unbalanced',
    '(a AND (b OR',
    'NEAR(a b, 5)',
    'title:x*',
    '*',
    '-',
    '- -- ---',
  ],
  ...[
    '{"$ne":null}',
    '[$ne]',
    '$where',
    '{{7*7}}',
    '${7*7}',
    '<script>alert(1)</script>',
    '%s%n%x',
    '\r\nSet-Cookie: a=b',
    '\u001b[31m',
    '\n',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'undefined',
    'null',
    'NaN',
    'true',
    '0',
    '-1',
    '1e999',
    '9007199254740993',
    '0x10',
  ],
  ...[
    '=cmd|calc',
    'osk.events.>',
    'osk.*',
    '>',
    '$KV.apikeys.>',
    '$JS.API.STREAM.DELETE.EVENTS',
    '_INBOX.x',
    'ses_',
    'usr_',
    'wsp_default',
  ],
];
const LONG_TEXTS = ['x'.repeat(513), 'y'.repeat(5_000), '\u00e9'.repeat(4_097), 'a '.repeat(4_000), '"'.repeat(2_000)];

export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom(...LONG_TEXTS) },
);

/** What a document store would take for a condition instead of a value. */
export const operator: fc.Arbitrary<object> = fc.oneof(
  fc.constantFrom<object>(
    { $ne: null },
    { $gt: '' },
    { $regex: '.*' },
    { $where: 'while(true);' },
    { $exists: true },
    { $not: { $eq: 0 } },
  ),
  oddText.map((text) => ({ $in: [text, null] })),
  oddText.map((text) => ({ $or: [{}, { title: text }] })),
);

const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.1, 1e-9, 1e308, -1e308, 2 ** 53, 2 ** 63, 1e15, 1e18, 4_102_444_800_000),
  fc.double(),
);

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A value of any JSON type in the place of any other. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: oddText },
  { weight: 3, arbitrary: oddNumber },
  { weight: 2, arbitrary: operator },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], [{}], { id: 'x' }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(30, 120, 1_000).map(nested) },
  { weight: 1, arbitrary: fc.constantFrom(100, 3_000).map((length) => Array.from({ length }, () => 0)) },
);

/** Text that JSON.stringify would never write. */
const ODD_JSON = [
  ...[
    '',
    ' ',
    'null',
    'true',
    '7',
    '"text"',
    '[]',
    '[{}]',
    '{',
    '}',
    '{"a":}',
    '{"a":1,}',
    "{'a':1}",
    'NaN',
    '{"a":NaN}',
    '\ufeff{}',
    '{}{}',
  ],
  ...[
    '{"externalId":"a","externalId":{"$ne":1}}',
    '{"__proto__":{"admin":true},"externalId":"a"}',
    '{"constructor":{"prototype":{}}}',
  ],
  ...[
    '{"externalId":12345678901234567890}',
    '{"promptTokens":1e999}',
    '{"externalId":"\\ud800"}',
    '{"a":"\\u0000"}',
    '{"\\udfff":1}',
    '{"a":"\u0001"}',
  ],
  '['.repeat(500) + ']'.repeat(500),
  '['.repeat(20_000) + ']'.repeat(20_000),
  '{"a":'.repeat(5_000) + '1' + '}'.repeat(5_000),
  `{"title":${'['.repeat(9_000)}${']'.repeat(9_000)},"externalId":"nested"}`,
  `{"sessions":[${'{},'.repeat(3_000)}{}]}`,
  `{${Array.from({ length: 3_000 }, (_, n) => `"unknown${n}":0`).join()}}`,
  `{"query":"x","filters":{${Array.from({ length: 300 }, (_, n) => `"f${n}":{}`).join()}}}`,
];

/** Bodies that are not what any route asks for. */
export const oddBody: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ODD_JSON).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.from('{"title":"\xff\xfe"}', 'latin1')) },
  { weight: 1, arbitrary: fc.constantFrom(60_000, 70_000, 300_000).map((length) => Buffer.alloc(length, ' ')) },
);

/** Above every limit for bodies, and just below; sent seldom, because sending takes most of the time. */
export const hugeBody: fc.Arbitrary<Buffer> = fc.constantFrom(
  Buffer.alloc(11 * 1024 * 1024, ' '),
  Buffer.from(`{"sessions":[${'{},'.repeat(500_000)}{}]}`),
  Buffer.from(
    JSON.stringify({ externalId: 'huge', sessionExternalId: 'own-0', textContent: 'herons '.repeat(90_000) }),
  ),
);
