import { messageIdOf, sessionIdOf } from '../ids.ts';
import { parseMessageSync, parseSessionSync } from './normalize.ts';
import { normalizePart } from './parts.ts';
import type { Parsed } from './schemas.ts';

const owner = { workspaceId: 'wsp_a', userId: 'usr_a' };

function value<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  return parsed.value;
}
const details = (parsed: Parsed<unknown>) => (parsed.ok ? [] : parsed.details);

describe('session sync', () => {
  it('takes sessionId for externalId, drops unknown fields and null, and keeps zeros', () => {
    const session = value(parseSessionSync(owner, { sessionId: 's', title: null, cost: 0, startedAt: 'x' }));
    expect(session).toMatchObject({ externalId: 's', sessionId: sessionIdOf(owner, 's'), cost: 0 });
    expect(session.title).toBeUndefined();
    expect(session).not.toHaveProperty('startedAt');
  });

  it('takes an empty label for an absent one: it overwrites nothing', () => {
    const labels = ['source', 'title', 'projectPath', 'projectName', 'model', 'provider', 'endReason'];
    const session = value(
      parseSessionSync(owner, { externalId: 's', ...Object.fromEntries(labels.map((label) => [label, ''])) }),
    );
    for (const label of labels) expect(session[label as keyof typeof session]).toBeUndefined();
  });

  it('stores the source cursor as cursor-sync and others as they are', () => {
    const source = (sent?: string) => value(parseSessionSync(owner, { externalId: 's', source: sent })).source;
    expect([source('cursor'), source('claude-code'), source(undefined)]).toEqual([
      'cursor-sync',
      'claude-code',
      undefined,
    ]);
  });

  it.each([
    [1767323045000.5, 1767323045000],
    ['2026-01-02T03:04:05Z', 1767323045000],
    ['2026-01-02T04:04:05+01:00', 1767323045000],
    ['2026-01-02t03:04:05.250z', 1767323045250],
    ['2026-01-02 04:04+0100', 1767323040000],
    // Without a zone: UTC, not the zone that this machine happens to be in.
    ['2026-01-02T03:04:05', 1767323045000],
    ['2026-01-02', 1767312000000],
    ['2024-02-29', 1709164800000],
  ])('takes %j for createdAt', (createdAt, ms) => {
    expect(value(parseSessionSync(owner, { externalId: 's', createdAt })).createdAt).toBe(ms);
  });

  it.each([
    'yesterday',
    'May',
    '2026',
    '2026-02-30',
    '2026-02-29',
    '2026-13-01',
    '2026-01-01T25:00',
    '1969-12-31',
    -1,
    true,
    {},
  ])('says what createdAt may be where it is %j', (createdAt) => {
    const [issue] = details(parseSessionSync(owner, { externalId: 's', createdAt }));
    expect(issue).toEqual({ path: 'createdAt', message: expect.stringContaining('ISO 8601') as string });
  });

  it.each([
    ['no id', {}, 'externalId'],
    ['an empty id', { externalId: '' }, 'externalId'],
    ['a number for a title', { externalId: 's', title: 4 }, 'title'],
    ['negative tokens', { externalId: 's', promptTokens: -1 }, 'promptTokens'],
    ['text for tokens', { externalId: 's', promptTokens: '12' }, 'promptTokens'],
    ['a date that is none', { externalId: 's', createdAt: 'yesterday' }, 'createdAt'],
    ['a lone surrogate', { externalId: 's', title: 'a\ud800b' }, 'title'],
    ['__proto__', JSON.parse('{"externalId":"s","__proto__":{}}'), '__proto__'],
    ['an array', [], ''],
    ['text', 'session', ''],
    ['null', null, ''],
  ])('refuses %s, naming the path', (_name, body, path) => {
    expect(details(parseSessionSync(owner, body)).map((issue) => issue.path)).toContain(path);
  });
});

describe('message sync', () => {
  const base = { sessionExternalId: 's', externalId: 'm', role: 'assistant' };

  it('derives the ids of its session and of itself, under either name', () => {
    const sessionId = sessionIdOf(owner, 's');
    const expected = { sessionId, messageId: messageIdOf(sessionId, 'm') };
    expect(value(parseMessageSync(owner, base)).message).toMatchObject(expected);
    expect(value(parseMessageSync(owner, { sessionId: 's', messageId: 'm' })).message).toMatchObject(expected);
  });

  it('tells no parts from an empty list of parts', () => {
    expect(value(parseMessageSync(owner, base)).parts).toBeUndefined();
    expect(value(parseMessageSync(owner, { ...base, parts: [] })).parts).toEqual([]);
  });

  it('takes an empty label for an absent one, and an empty text for a text', () => {
    const { message } = value(parseMessageSync(owner, { ...base, source: '', role: '', model: '', textContent: '' }));
    expect([message.source, message.role, message.model, message.textContent]).toEqual([
      undefined,
      undefined,
      undefined,
      '',
    ]);
  });

  it('refuses nesting that would exhaust a stack, without exhausting one itself', () => {
    let content: unknown = 'deep';
    for (let depth = 0; depth < 10_000; depth++) content = [content];
    const parsed = parseMessageSync(owner, { ...base, parts: [{ type: 'text', content }] });
    expect(details(parsed)[0]!.message).toMatch(/deeper than/);
  });

  it('looks through a large body without work for each of its numbers', () => {
    const reads = { count: 0 };
    const counted = new Proxy(new Array<number>(1_000).fill(0), {
      get(target, name, receiver) {
        reads.count++;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    expect(value(parseMessageSync(owner, { ...base, unknown: counted })).message.externalId).toBe('m');
    expect(reads.count).toBeLessThan(4_000);
  });

  it('keeps NUL and odd Unicode in text', () => {
    const textContent = 'a\u0000b \u202e \ufeff 👩‍👩‍👧 𝒳 e\u0301';
    expect(value(parseMessageSync(owner, { ...base, textContent })).message.textContent).toBe(textContent);
  });
});

describe('names that every object has', () => {
  it.each(['constructor', 'toString', '__defineGetter__'])('are no kind of part and no source: %s', (name) => {
    expect(normalizePart({ type: name, content: 'x' })).toEqual({ type: name, content: 'x' });
    expect(value(parseSessionSync(owner, { externalId: 's', source: name })).source).toBe(name);
  });
});

describe('parts, as the plugins in the wild send them', () => {
  it.each([
    [
      { type: 'text', content: 'hi' },
      { type: 'text', content: 'hi' },
    ],
    [
      { type: 'text', content: { text: 'hi' } },
      { type: 'text', content: 'hi' },
    ],
    [
      { type: 'text', content: { content: 'hi' } },
      { type: 'text', content: 'hi' },
    ],
    [
      { type: 'text', text: 'hi' },
      { type: 'text', content: 'hi' },
    ],
    [
      { type: 'tool-call', content: { toolName: 'Bash', args: { a: 1 } } },
      { type: 'tool-call', content: { toolName: 'Bash', args: { a: 1 } } },
    ],
    [
      { type: 'tool-call', toolName: 'Bash', args: { a: 1 } },
      { type: 'tool-call', content: { toolName: 'Bash', args: { a: 1 } } },
    ],
    [
      { type: 'tool_use', content: { toolName: 'Bash', args: {}, result: 'ok' } },
      { type: 'tool-call', content: { toolName: 'Bash', args: {}, result: 'ok' } },
    ],
    [
      { type: 'tool_use', id: 't', name: 'Bash', input: { a: 1 } },
      { type: 'tool-call', content: { toolName: 'Bash', args: { a: 1 }, id: 't' } },
    ],
    [
      { type: 'tool', tool: 'bash', state: { input: { a: 1 }, output: 'ok' } },
      { type: 'tool-call', content: { toolName: 'bash', args: { a: 1 }, result: 'ok' } },
    ],
    [
      { type: 'tool-result', content: 'done' },
      { type: 'tool-result', content: 'done' },
    ],
    [
      { type: 'tool_result', content: { text: 'done' } },
      { type: 'tool-result', content: 'done' },
    ],
    [
      { type: 'thinking', thinking: 'hm' },
      { type: 'reasoning', content: 'hm' },
    ],
    [
      { type: 'file', path: 'a.ts', size: 3 },
      { type: 'file', content: { path: 'a.ts', size: 3 } },
    ],
  ])('%j', (sent, expected) => expect(normalizePart(sent)).toEqual(expected));
});

describe('a tool call', () => {
  it.each([
    ['text for content', { content: 'raw string' }, { toolName: 'unknown', args: 'raw string' }],
    ['a list for content', { name: 'X', content: ['a', 'b'] }, { toolName: 'X', args: ['a', 'b'] }],
    ['content beside args', { name: 'X', args: {}, content: 'why' }, { toolName: 'X', args: {}, content: 'why' }],
    ['arguments as OpenAI names them', { content: { name: 'X', arguments: '{}' } }, { toolName: 'X', args: '{}' }],
    [
      'a function as OpenAI wraps it',
      { id: 'c1', function: { name: 'X', arguments: '{}' } },
      { id: 'c1', toolName: 'X', args: '{}' },
    ],
    ['parameters', { toolName: 'X', parameters: { a: 1 } }, { toolName: 'X', args: { a: 1 } }],
    [
      'an error',
      { tool: 'read', callID: 'c1', state: { status: 'error', input: { a: 1 }, error: 'ENOENT: no such file' } },
      { toolName: 'read', callID: 'c1', status: 'error', args: { a: 1 }, error: 'ENOENT: no such file' },
    ],
    ['two names', { toolName: 'X', name: 'Y' }, { toolName: 'X', name: 'Y' }],
    ['an empty name', { toolName: '', name: 'Y' }, { toolName: 'Y' }],
    ['an empty result', { name: 'X', content: { result: '' } }, { toolName: 'X', result: '' }],
    ['nulls', { name: 'X', input: null, content: null, state: { output: null } }, { toolName: 'X' }],
    ['nothing', {}, { toolName: 'unknown' }],
    [
      'the same name within and without',
      { id: 'part', name: 'X', content: { id: 'call', name: 'X', input: 1 } },
      { id: 'call', toolName: 'X', args: 1, outer: { id: 'part' } },
    ],
    [
      'what is called outer already',
      { id: 'part', name: 'X', outer: 7, content: { id: 'call' } },
      { id: 'call', toolName: 'X', outer: { id: 'part', outer: 7 } },
    ],
  ])('keeps %s', (_name, sent, content) =>
    expect(normalizePart({ type: 'tool-call', ...sent })).toEqual({ type: 'tool-call', content }),
  );
});

describe('a tool result', () => {
  it.each([
    [
      'whose call it is and that it failed',
      { tool_use_id: 't', is_error: true, content: 'ENOENT' },
      { tool_use_id: 't', is_error: true, result: 'ENOENT' },
    ],
    ['blocks', { content: [{ type: 'text', text: 'a' }] }, [{ type: 'text', text: 'a' }]],
    ['an error without a result', { error: 'timeout' }, { error: 'timeout' }],
    ['a result with more in it', { content: { text: 'a', exitCode: 1 } }, { text: 'a', exitCode: 1 }],
    [
      'both of two results',
      { content: 'preview', result: { full: 'all of it' } },
      { result: 'preview', outer: { result: { full: 'all of it' } } },
    ],
    ['nulls', { content: null, output: 'a', is_error: null }, 'a'],
    ['nothing', {}, ''],
  ])('keeps %s', (_name, sent, content) =>
    expect(normalizePart({ type: 'tool_result', ...sent })).toEqual({ type: 'tool-result', content }),
  );
});

describe('a part that is not recognised', () => {
  it.each([
    ['text under another name', { type: 'text', value: 'hi' }, { value: 'hi' }],
    ['what stands beside content', { type: 'file', content: 'x', path: 'a.ts' }, { content: 'x', path: 'a.ts' }],
    ['content alone', { type: 'patch', content: { files: 1 } }, { files: 1 }],
  ])('keeps %s', (_name, sent, content) => expect(normalizePart(sent)).toEqual({ type: sent.type, content }));
});
