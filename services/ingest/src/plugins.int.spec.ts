import { sessionIdOf, type EventData, type EventType } from '@opensync/contracts';
import { ADA, sequenceOf, startGateway, type Gateway } from './testing/gateway.ts';

let gateway: Gateway;
let sequence = 0;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

/** Sends the request and returns what it added to the log, as `[type, data]`. */
async function store(path: string, body: unknown): Promise<[string, EventData[EventType]][]> {
  const response = await gateway.post(path, body);
  expect([response.status, await response.clone().json()]).toEqual([200, expect.objectContaining({ ok: true })]);
  const events = await gateway.eventsAfter(sequence);
  sequence += events.length;
  expect(sequenceOf(response)).toBe(sequence);
  return events.map(({ type, data }) => [type.split('.')[2]!, data]);
}

/** What each existing plugin really sends, according to the table of the HTTP contract. */
describe('claude-code-sync', () => {
  it('sends a session in pieces', async () => {
    const externalId = 'claude-1';
    const sessionId = sessionIdOf(ADA, externalId);
    expect(await store('/sync/session', { externalId, source: 'claude-code', title: 'Fix the build' })).toEqual([
      ['session', { sessionId, externalId, source: 'claude-code', title: 'Fix the build' }],
    ]);
    expect(await store('/sync/session', { externalId, promptTokens: 10, completionTokens: 4, cost: 0.02 })).toEqual([
      ['session', { sessionId, externalId, promptTokens: 10, completionTokens: 4, cost: 0.02 }],
    ]);
    const atTheEnd = {
      externalId,
      source: 'claude-code',
      title: 'Fix the build',
      projectPath: '/home/ada/shop',
      projectName: 'shop',
      model: 'claude-sonnet-4-5',
      provider: 'anthropic',
      promptTokens: 120,
      completionTokens: 40,
      totalTokens: 160,
      cost: 0.3,
      durationMs: 61_000,
      messageCount: 4,
      toolCallCount: 2,
      endReason: 'clear',
    };
    expect(await store('/sync/session', atTheEnd)).toEqual([['session', { ...atTheEnd, sessionId }]]);
  });

  it('sends tool calls as parts, without text and time', async () => {
    const events = await store('/sync/message', {
      sessionExternalId: 'claude-1',
      externalId: 'message-1',
      role: 'assistant',
      parts: [
        { type: 'tool-call', content: { toolName: 'Bash', args: { command: 'npm test' } } },
        { type: 'tool-result', content: '3 passed' },
      ],
    });
    expect(events).toEqual([
      ['message', expect.objectContaining({ externalId: 'message-1', role: 'assistant', partCount: 2 })],
      [
        'part',
        expect.objectContaining({
          order: 0,
          type: 'tool-call',
          content: { toolName: 'Bash', args: { command: 'npm test' } },
        }),
      ],
      ['part', expect.objectContaining({ order: 1, type: 'tool-result', content: '3 passed' })],
    ]);
    expect(events[0]![1]).not.toHaveProperty('createdAt');
    expect(events[0]![1]).not.toHaveProperty('textContent');
  });
});

describe('opencode-sync-plugin', () => {
  it('names no source, repeats sessions with zeros, and sometimes says when', async () => {
    const createdAt = Date.UTC(2026, 0, 2);
    const body = { externalId: 'opencode-1', promptTokens: 0, cost: 0, createdAt };
    expect(await store('/sync/session', body)).toEqual([
      [
        'session',
        { externalId: 'opencode-1', sessionId: sessionIdOf(ADA, 'opencode-1'), promptTokens: 0, cost: 0, createdAt },
      ],
    ]);
  });

  it('sends a message before its session', async () => {
    const message = { sessionExternalId: 'opencode-2', externalId: 'm', role: 'user', textContent: 'hello' };
    expect(await store('/sync/message', message)).toEqual([
      [
        'message',
        { ...message, sessionId: sessionIdOf(ADA, 'opencode-2'), messageId: expect.stringMatching(/^msg_/) as string },
      ],
    ]);
  });

  it('asks which sessions are here', async () => {
    expect(await (await gateway.list()).json()).toEqual({ sessionIds: [] });
  });
});

describe('droid-sync', () => {
  it('sends batches without sessions, and tool calls with their results', async () => {
    const events = await store('/sync/batch', {
      sessions: [],
      messages: [
        {
          sessionExternalId: 'droid-1',
          externalId: 'm1',
          role: 'assistant',
          parts: [{ type: 'tool_use', content: { toolName: 'Read', args: { path: 'a.ts' }, result: 'const a = 1' } }],
        },
      ],
    });
    expect(events).toEqual([
      ['message', expect.objectContaining({ externalId: 'm1', partCount: 1 })],
      [
        'part',
        expect.objectContaining({
          type: 'tool-call',
          content: { toolName: 'Read', args: { path: 'a.ts' }, result: 'const a = 1' },
        }),
      ],
    ]);
  });
});

describe('other plugins', () => {
  it('say sessionId, and null for unknown values', async () => {
    expect(await store('/sync/session', { sessionId: 'other-1', title: null, unheardOf: { a: 1 } })).toEqual([
      ['session', { externalId: 'other-1', sessionId: sessionIdOf(ADA, 'other-1') }],
    ]);
  });

  it('call themselves cursor, which is stored as cursor-sync', async () => {
    expect(await store('/sync/session', { externalId: 'cursor-1', source: 'cursor' })).toEqual([
      ['session', expect.objectContaining({ source: 'cursor-sync' })],
    ]);
  });

  it.each([
    ['flat text', { type: 'text', content: 'hi' }, 'text', 'hi'],
    ['text in {text}', { type: 'text', content: { text: 'hi' } }, 'text', 'hi'],
    ['text in {content}', { type: 'text', content: { content: 'hi' } }, 'text', 'hi'],
    [
      'a flat tool call',
      { type: 'tool-call', toolName: 'Bash', args: {} },
      'tool-call',
      { toolName: 'Bash', args: {} },
    ],
  ])('send %s', async (_name, part, type, content) => {
    const events = await store('/sync/message', { sessionId: 'other-1', messageId: 'm1', parts: [part] });
    expect(events[1]).toEqual(['part', expect.objectContaining({ type, content })]);
  });
});
