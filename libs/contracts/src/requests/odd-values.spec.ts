import fc from 'fast-check';
import { MESSAGE_FIELDS, SESSION_FIELDS } from './fields.ts';
import { parseMessageSync, parseSessionSync } from './normalize.ts';
import type { Parsed } from './parsed.ts';
import type { Field } from './readers.ts';
import type { RequestWarning, WarningReason } from './reading.ts';

const owner = { workspaceId: 'wsp_a', userId: 'usr_a' };
const NOW = Date.UTC(2026, 10, 28);
const YESTERDAY = NOW - 86_400_000;
const DEEP = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) as unknown;
const LONG = 'x'.repeat(100_000);

type Body = Record<string, unknown>;
type Read = (body: Body) => { fields: Body; warnings: readonly RequestWarning[] };

function value<T>(parsed: Parsed<T>): { value: T; warnings: readonly RequestWarning[] } {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  return parsed;
}
const readSession: Read = (body) => {
  const { value: fields, warnings } = value(parseSessionSync(owner, { externalId: 's', ...body }, NOW));
  return { fields: { ...fields }, warnings };
};
const readMessage: Read = (body) => {
  const parsed = value(parseMessageSync(owner, { sessionExternalId: 's', externalId: 'm', ...body }, NOW));
  return { fields: { ...parsed.value.message, parts: parsed.value.parts }, warnings: parsed.warnings };
};

const TABLES: readonly (readonly [what: string, table: Readonly<Record<string, Field>>, read: Read])[] = [
  ['session', SESSION_FIELDS, readSession],
  ['message', MESSAGE_FIELDS, readMessage],
];

/** Valid values, which an unusable value between them must not affect. */
function goodValue(name: string, { kind }: Field): unknown {
  if (kind === 'label') return `${name} of somebody`;
  return kind === 'time' ? YESTERDAY : 7;
}

const SAYS_NOTHING: readonly unknown[] = [null, undefined, ''];
type Odd = readonly [sent: unknown, reason: WarningReason, stored?: unknown];

/** For a field of each kind: the sent value, why the warnings name it, and what is stored, if anything. */
const ODD: { readonly [K in Field['kind']]: (field: Extract<Field, { kind: K }>) => readonly Odd[] } = {
  label: ({ longest, cut, within }) => [
    ...([{}, [], ['a', 'b'], [[]], true, false, Infinity, DEEP, { unheardOf: 'a' }] as const).map((sent): Odd => [
      sent,
      'wrong-type',
    ]),
    [7, 'wrong-type', '7'],
    [['alone'], 'wrong-type', 'alone'],
    ...within.map((name): Odd => [{ [name]: 'inside' }, 'wrong-type', 'inside']),
    ['a\ud800b', 'ill-formed', 'a\ufffdb'],
    ['a\udc00', 'ill-formed', 'a\ufffd'],
    [LONG, 'too-long', cut ? `${LONG.slice(0, longest - 1)}…` : undefined],
    ['x'.repeat(longest + 1), 'too-long', cut ? `${LONG.slice(0, longest - 1)}…` : undefined],
  ],
  amount: ({ within }) => [
    ...([{}, [], [1, 2], true, false, DEEP, { unheardOf: 1 }] as const).map((sent): Odd => [sent, 'wrong-type']),
    ...['many', 'NaN', 'Infinity', '1,234', '12 tokens', '$3', '0x10', '--1', LONG].map((sent): Odd => [
      sent,
      'unreadable',
    ]),
    [-1, 'negative'],
    [-0.001, 'negative'],
    ['-3', 'negative'],
    [Infinity, 'too-large'],
    [1e300, 'too-large'],
    ['1e400', 'too-large'],
    ['12', 'wrong-type', 12],
    [' 12.5 ', 'wrong-type', 12.5],
    ['1e3', 'wrong-type', 1_000],
    [[5], 'wrong-type', 5],
    ...within.map((name): Odd => [{ [name]: 5 }, 'wrong-type', 5]),
  ],
  time: () => [
    ...([{}, [], [1, 2], true, DEEP, { unheardOf: 1 }] as const).map((sent): Odd => [sent, 'wrong-type']),
    ...['yesterday', 'NaN', '2026-02-30', '2026-13-01', LONG].map((sent): Odd => [sent, 'unreadable']),
    ...[
      0,
      1,
      -1,
      946_684_799,
      NOW + 2 * 86_400_000,
      '0',
      '1970-01-01',
      '1999-12-31T23:59:59Z',
      '3026-01-01',
      Infinity,
      1e300,
    ].map((sent): Odd => [sent, 'implausible']),
  ],
};

describe.each(TABLES)('a %s', (_what, table, read) => {
  const names = Object.keys(table);
  const good: Body = Object.fromEntries(names.map((name) => [name, goodValue(name, table[name]!)]));

  it('is stored in full without a warning if every value is usable', () => {
    const { fields, warnings } = read(good);
    expect(fields).toMatchObject(good);
    expect(warnings).toEqual([]);
  });

  describe.each(names)('with %s', (name) => {
    const field = table[name]!;
    const odd = (ODD[field.kind] as (field: Field) => readonly Odd[])(field);
    const { [name]: _own, ...others } = good;

    it.each(field.names)('under the name %s', (sent) => {
      const { fields, warnings } = read({ ...others, [sent]: good[name] });
      expect(fields[name]).toEqual(good[name]);
      expect(warnings).toEqual([]);
    });

    it.each(SAYS_NOTHING)('counts as not sent if it is empty: %j', (sent) => {
      const { fields, warnings } = read({ ...others, [name]: sent });
      expect(fields).toMatchObject(others);
      expect(fields).not.toHaveProperty(name);
      expect(warnings).toEqual([]);
    });

    it('loses only an unusable value, and names it', () => {
      for (const [sent, reason, stored] of odd) {
        const { fields, warnings } = read({ ...others, [field.names[0]!]: sent });
        expect(fields).toMatchObject(others);
        expect(fields[name]).toEqual(stored);
        const [warning] = warnings;
        expect(warnings).toEqual([{ path: field.names[0], field: name, reason, message: warning!.message }]);
        expect(warning!.message).toMatch(stored === undefined ? /^left out: / : /^(?!left out)/);
        expect(warning!.message).not.toContain(LONG.slice(0, 100));
      }
    });

    it('falls back to another name if the value under one name is unusable', () => {
      const [first, second] = field.names;
      if (second === undefined) return;
      expect(read({ ...others, [first!]: {}, [second]: good[name] }).fields[name]).toEqual(good[name]);
    });
  });

  it('is stored whatever JSON its fields have, and the parser never throws', () => {
    const anything = fc.record(
      Object.fromEntries(names.flatMap((name) => table[name]!.names).map((name) => [name, fc.jsonValue()])),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anything, (body) => {
        const { fields } = read(body as Body);
        for (const [name, { kind }] of Object.entries(table)) {
          const stored = fields[name];
          if (stored === undefined) continue;
          if (kind === 'label') expect((stored as string).isWellFormed() && stored !== '').toBe(true);
          else expect(Number.isFinite(stored) && (stored as number) >= 0).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has at most 21 warnings, the last of which gives the number of omitted ones', () => {
    const wrong = Object.fromEntries(names.flatMap((name) => table[name]!.names).map((name) => [name, true]));
    const { warnings } = read(wrong);
    expect(warnings).toHaveLength(21);
    const count = Object.keys(wrong).length - 20;
    expect(warnings.at(-1)).toMatchObject({
      path: '',
      field: 'other',
      message: expect.stringContaining(`${count} more`) as string,
    });
  });
});

describe('a title', () => {
  it.each([
    ['within an emoji', `${'x'.repeat(4_094)}👩‍👩‍👧 and more`, `${'x'.repeat(4_094)}…`],
    ['within a flag', `${'x'.repeat(4_093)}🇩🇪 and more`, `${'x'.repeat(4_093)}…`],
    ['before a combining mark', `${'x'.repeat(4_095)}\u0301 and more`, `${'x'.repeat(4_094)}…`],
  ])('is never cut %s', (_name, sent, stored) => expect(readSession({ title: sent }).fields.title).toBe(stored));

  it('stays unchanged if it fits', () => {
    const title = `${'x'.repeat(4_094)}👍`;
    expect(readSession({ title })).toMatchObject({ fields: { title }, warnings: [] });
  });

  it('that a plugin has cut within a surrogate pair loses only that half', () => {
    const title = `${'Please fix the build '.repeat(4).slice(0, 79)}👍`.slice(0, 80);
    expect(title.isWellFormed()).toBe(false);
    expect(readSession({ title, promptTokens: 12 }).fields).toMatchObject({
      title: `${title.slice(0, 79)}\ufffd`,
      promptTokens: 12,
    });
  });
});

describe('ids', () => {
  it.each([
    ['a number', 12, '12'],
    ['zero', 0, '0'],
    ['a fraction', 1.5, '1.5'],
    ['half a surrogate pair', 'a\ud800', 'a\ufffd'],
    ['the longest text', 'x'.repeat(512), 'x'.repeat(512)],
  ])('may be %s', (_name, sent, stored) => {
    expect(readSession({ externalId: sent }).fields.externalId).toBe(stored);
    expect(readMessage({ externalId: sent }).fields.externalId).toBe(stored);
    expect(readMessage({ sessionExternalId: sent }).fields.sessionExternalId).toBe(stored);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['empty', ''],
    ['blank', '  '],
    ['a list', ['a']],
    ['an object', { id: 'a' }],
    ['a boolean', true],
    ['too long', 'x'.repeat(513)],
    ['a number that has lost digits', 12345678901234567890],
    ['deep', DEEP],
  ])('must not be %s', (_name, id) => {
    const details = (parsed: Parsed<unknown>) => (parsed.ok ? [] : parsed.details.map(({ path }) => path));
    const rest = { title: 'x', role: 'user', textContent: 'hi' };
    expect(details(parseSessionSync(owner, { ...rest, externalId: id }, NOW))).toEqual(['externalId']);
    expect(details(parseMessageSync(owner, { ...rest, sessionExternalId: 's', externalId: id }, NOW))).toEqual([
      'externalId',
    ]);
    expect(details(parseMessageSync(owner, { ...rest, sessionExternalId: id, externalId: 'm' }, NOW))).toEqual([
      'sessionExternalId',
    ]);
    expect(details(parseMessageSync(owner, { ...rest, sessionExternalId: id, externalId: id }, NOW))).toEqual([
      'sessionExternalId',
      'externalId',
    ]);
  });

  it('are taken from the first name that has a usable one', () => {
    expect(readSession({ externalId: null, sessionId: 's2' }).fields.externalId).toBe('s2');
    expect(readSession({ externalId: {}, session_id: 's2' }).fields.externalId).toBe('s2');
  });

  it.each([[[]], ['text'], [7], [true], [null], [undefined]])(
    'are missing if the value is not an object: %j',
    (body) => {
      for (const parse of [parseSessionSync, parseMessageSync]) {
        expect(parse(owner, body, NOW)).toEqual({
          ok: false,
          details: [{ path: '', message: 'Expected a JSON object' }],
        });
      }
    },
  );

  it('are all that an item needs, whatever its other fields are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const parsed = parseSessionSync(owner, { ...body, externalId: 's' }, NOW);
        expect(parsed.ok).toBe(true);
      }),
    );
    const polluting = JSON.parse(
      '{"externalId":"s","__proto__":{"title":"x"},"constructor":{"prototype":{"y":1}}}',
    ) as Body;
    const { fields } = readSession(polluting);
    expect(fields).not.toHaveProperty('title');
    expect(({} as { y?: number }).y).toBeUndefined();
  });
});

describe('the text of a message', () => {
  it.each<[string, Body, string]>([
    ['textContent', { textContent: 'hi' }, 'hi'],
    ['text_content', { text_content: 'hi' }, 'hi'],
    ['content', { content: 'hi' }, 'hi'],
    ['text', { text: 'hi' }, 'hi'],
    ['content with text in it', { content: { text: 'hi' } }, 'hi'],
    ['content of the type text', { content: { type: 'text', text: 'hi' } }, 'hi'],
    ['content with content in it', { content: { content: 'hi' } }, 'hi'],
    ['textContent with text in it', { textContent: { text: 'hi' } }, 'hi'],
    ['textContent before content', { textContent: 'hi', content: 'ho' }, 'hi'],
    ['content where textContent is empty', { textContent: '', content: 'hi' }, 'hi'],
    ['content where textContent is null', { textContent: null, content: 'hi' }, 'hi'],
    ['an empty text', { textContent: '' }, ''],
    ['blanks', { content: ' \n' }, ' \n'],
    ['NUL and odd Unicode', { content: 'a\u0000b \u202e \ufeff 👩‍👩‍👧 𝒳 e\u0301' }, 'a\u0000b \u202e \ufeff 👩‍👩‍👧 𝒳 e\u0301'],
  ])('is %s', (_name, body, text) => {
    const { fields, warnings } = readMessage(body);
    expect(fields.textContent).toBe(text);
    expect(fields.parts).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it.each<[string, unknown, WarningReason, string | undefined]>([
    ['a number', 12, 'wrong-type', '12'],
    ['half a surrogate pair', 'a\ud800b', 'ill-formed', 'a\ufffdb'],
    ['half of one in text', { text: 'a\ud800b' }, 'ill-formed', 'a\ufffdb'],
    ['a boolean', true, 'wrong-type', undefined],
    ['an object of something else', { a: 1 }, 'wrong-type', undefined],
  ])('that is %s loses nothing else', (_name, sent, reason, text) => {
    for (const name of ['textContent', 'content']) {
      const { fields, warnings } = readMessage({ [name]: sent, role: 'user', promptTokens: 3 });
      expect(fields).toMatchObject({ role: 'user', promptTokens: 3 });
      expect(fields.textContent).toBe(text);
      expect(warnings).toMatchObject([{ field: 'textContent', reason }]);
    }
  });

  it.each<[string, Body]>([
    ['a list', { content: [{ type: 'text', text: 'hi' }] }],
    ['a list of strings', { content: ['hi'] }],
    ['what Gemini has', { content: { role: 'user', parts: [{ type: 'text', text: 'hi' }] } }],
    ['a list in textContent', { textContent: [{ type: 'text', text: 'hi' }] }],
    ['a list beside an empty text', { textContent: '', content: [{ type: 'text', text: 'hi' }] }],
    ['one part', { content: { type: 'input', text: 'hi' }, parts: [{ type: 'text', text: 'hi' }] }],
  ])('may be parts: %s', (_name, body) => {
    expect(readMessage(body).fields.parts).toEqual([{ type: 'text', content: 'hi' }]);
  });

  it('leaves parts that were sent separately unchanged', () => {
    const { fields } = readMessage({
      parts: [{ type: 'text', text: 'parts' }],
      content: [{ type: 'text', text: 'content' }],
    });
    expect(fields.parts).toEqual([{ type: 'text', content: 'parts' }]);
    expect(readMessage({ parts: [], content: 'hi' }).fields).toMatchObject({ textContent: 'hi', parts: [] });
  });
});

describe('a list of parts', () => {
  const text = { type: 'text', content: 'the answer' };

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a boolean', true],
    ['an empty list', []],
    ['10,000 levels', { type: 'text', content: DEEP }],
    ['10,000 levels without a type', DEEP],
  ])('loses only a part that is %s', (_name, odd) => {
    const { fields, warnings } = readMessage({ textContent: 'the answer', parts: [text, odd, text] });
    expect(fields.textContent).toBe('the answer');
    const parts = fields.parts as { type: string; content: unknown }[];
    expect([parts[0], parts.at(-1)]).toEqual([text, text]);
    expect(warnings.map(({ field, path }) => [field, path.startsWith('parts.1')])).toEqual([['parts', true]]);
  });

  it.each<[string, unknown]>([
    ['a string', 'the answer'],
    ['without a type', { text: 'the answer' }],
    ['with an empty type', { type: '', text: 'the answer' }],
  ])('keeps a part that is %s', (_name, odd) => {
    expect(readMessage({ parts: [text, odd] }).fields.parts).toEqual([text, text]);
  });

  it.each<[string, unknown]>([
    ['a string', 'the answer'],
    ['one part', text],
  ])('may be %s', (_name, parts) => expect(readMessage({ parts }).fields.parts).toEqual([text]));

  it.each([true, 7])('that is %j does not affect the rest of the message', (parts) => {
    const { fields, warnings } = readMessage({ parts, textContent: 'kept' });
    expect(fields).toMatchObject({ textContent: 'kept', parts: undefined });
    expect(warnings).toMatchObject([{ field: 'parts', path: 'parts' }]);
  });

  it('keeps the message, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (parts) => {
        expect(readMessage({ parts, textContent: 'kept', role: 'assistant' }).fields).toMatchObject({
          textContent: 'kept',
          role: 'assistant',
        });
      }),
      { numRuns: 500 },
    );
  });

  it('has at most 21 warnings, however many values are unusable', () => {
    const parts = [{ type: 'text', content: { words: new Array<string>(200_000).fill('\ud800') } }];
    expect(readMessage({ parts }).warnings).toHaveLength(21);
  });

  it('counts its tool calls', () => {
    const call = { type: 'tool_use', name: 'Bash', input: {} };
    expect(readMessage({ parts: [text, call, call] }).fields.toolCallCount).toBe(2);
    expect(readMessage({ parts: [] }).fields.toolCallCount).toBe(0);
    expect(readMessage({}).fields).not.toHaveProperty('toolCallCount');
  });
});

describe('the text that a person typed', () => {
  const prompt = (body: Body) => readMessage(body).fields.prompt;
  const filler = `<system-reminder>${'x'.repeat(20_000)}</system-reminder>`;

  it('is extracted if it is in parts, or deep in a long text', () => {
    expect(
      prompt({
        role: 'user',
        parts: [
          { type: 'text', text: '<system-reminder>x</system-reminder>' },
          { type: 'text', text: 'Why?' },
        ],
      }),
    ).toBe('Why?');
    expect(prompt({ role: 'user', content: [{ type: 'text', text: 'Why?' }] })).toBe('Why?');
    expect(prompt({ role: 'user', textContent: `${filler}Why?` })).toBe('Why?');
    expect(prompt({ role: 'user', textContent: '', parts: ['Why?'] })).toBe('Why?');
    expect(prompt({ role: 'user', textContent: '<system-reminder>x</system-reminder>', parts: ['Why?'] })).toBe('Why?');
  });

  it('excludes text that OpenCode has added', () => {
    const parts = [
      { type: 'text', text: 'The user has opened a.ts', synthetic: true },
      { type: 'text', text: 'Hidden from the model', ignored: true },
      { type: 'text', text: 'Why?' },
    ];
    expect(prompt({ role: 'user', parts })).toBe('Why?');
    expect(prompt({ role: 'user', parts: parts.slice(0, 2) })).toBe('');
  });

  it('is empty if the parts contain none', () => {
    expect(prompt({ role: 'user', parts: [{ type: 'tool_result', content: 'ok' }] })).toBe('');
    expect(prompt({ role: 'user', parts: [] })).toBe('');
  });

  it('is left to the fold if the event has the text, and omitted for an assistant', () => {
    expect(prompt({ role: 'user', textContent: 'Why?' })).toBeUndefined();
    expect(prompt({ role: 'user', textContent: 'Why?', parts: ['Why?'] })).toBeUndefined();
    expect(prompt({ role: 'assistant', parts: ['Because'] })).toBeUndefined();
    expect(prompt({ promptTokens: 3 })).toBeUndefined();
  });
});
