import { anOwner } from '@opensync/testkit';
import { batchAnswer, parseBatch } from './batch.ts';

const ADA = anOwner('ada@example.com');
const NOW = Date.UTC(2026, 10, 28);
const answer = (body: unknown) => batchAnswer(parseBatch(ADA, body, NOW, 1_000));

const ODD: readonly unknown[] = [null, -1, {}, [], true, 'x'.repeat(10_000), '', 'NaN', '\ud800', 0, 1e300, [[]]];
const SESSION = [
  ...[
    'source',
    'title',
    'projectPath',
    'projectName',
    'model',
    'provider',
    'endReason',
    'createdAt',
    'durationMs',
    'cost',
  ],
  ...[
    'promptTokens',
    'completionTokens',
    'cacheReadTokens',
    'totalTokens',
    'messageCount',
    'toolCallCount',
    'usage',
    'extra',
  ],
];
const MESSAGE = [
  ...[
    'source',
    'role',
    'textContent',
    'content',
    'model',
    'provider',
    'requestId',
    'createdAt',
    'durationMs',
    'cost',
    'parts',
  ],
  ...['promptTokens', 'completionTokens', 'reasoningTokens', 'usage', 'extra'],
];

describe('items of a batch', () => {
  it.each(SESSION)('are stored whatever %s is, each with its own warnings', (field) => {
    const sessions = ODD.map((value, at) => ({ externalId: `s${at}`, title: 'kept', [field]: value }));
    const { ok, results, ...counts } = answer({ sessions });
    expect([ok, counts.sessions, counts.errors]).toEqual([true, ODD.length, []]);
    for (const { warnings = [] } of results) for (const { path } of warnings) expect(path.split('.')[0]).toBe(field);
  });

  it.each(MESSAGE)('that are messages are stored whatever %s is', (field) => {
    const messages = ODD.map((value, at) => ({ sessionId: 's', messageId: `m${at}`, role: 'user', [field]: value }));
    const { ok, results, ...counts } = answer({ messages });
    expect([ok, counts.messages, counts.errors]).toEqual([true, ODD.length, []]);
    // A list in place of a text is a list of parts.
    const paths = field.toLowerCase().endsWith('content') ? [field, 'parts'] : [field];
    for (const { warnings = [] } of results)
      for (const { path } of warnings) expect(paths).toContain(path.split('.')[0]);
  });

  it('fail individually if they have no ids', () => {
    const bad = [
      null,
      7,
      'x',
      [],
      {},
      { externalId: '' },
      { externalId: {} },
      { title: 'x' },
      { externalId: 'x'.repeat(513) },
    ];
    const { ok, sessions, messages, errors, results } = answer({
      sessions: bad.flatMap((item) => [item, { externalId: 'good' }]),
      messages: bad.flatMap((item) => [item, { sessionId: 's', messageId: 'm' }]),
    });
    expect([ok, sessions, messages, errors.length]).toEqual([false, bad.length, bad.length, 2 * bad.length]);
    expect(results.map(({ status }) => status)).toEqual(results.map((_, at) => (at % 2 === 0 ? 400 : 200)));
  });

  it.each([[null], [[]], ['all'], [7], [undefined]])('are empty in a body that is not an object: %j', (body) => {
    expect(() => answer(body)).toThrow('This is not a batch');
  });

  it.each([[{}], [{ sessions: null }], [{ sessions: [], messages: null }]])('may be none: %j', (body) => {
    expect(answer(body)).toEqual({ ok: true, sessions: 0, messages: 0, errors: [], results: [] });
  });
});
