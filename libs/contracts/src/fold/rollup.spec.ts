import type { MessageSynced } from '../events/schemas.ts';
import { messageIdOf, sessionIdOf } from '../ids.ts';
import { sessionView } from '../views.ts';
import { messageFacts } from './facts.ts';
import { evolveMessage, type MessageState } from './message.ts';
import { EMPTY_ROLLUP, rollupOf } from './rollup.ts';
import { evolveSession } from '../events/catalogue.ts';

const owner = { workspaceId: 'wsp_1', userId: 'usr_1' };
const sessionId = sessionIdOf(owner, 's');

function aMessage(sequence: number, data: Partial<MessageSynced> = {}): MessageState {
  const externalId = data.externalId ?? `m${sequence}`;
  return evolveMessage(undefined, {
    ...{ id: 'e', type: 'dev.opensync.message.synced.v1', owner, time: 1_000 + sequence, sequence },
    data: { messageId: messageIdOf(sessionId, externalId), externalId, sessionId, sessionExternalId: 's', ...data },
  });
}

const rollup = (...messages: MessageState[]) => rollupOf(messages.map(messageFacts));
/** The session that only these messages created, with a client's own values. */
function view(said: object, ...messages: MessageState[]) {
  const event = { id: 'e', owner, time: 5_000, sequence: 99 } as const;
  const data = { sessionId, externalId: 's', ...said };
  const state = evolveSession(undefined, { ...event, type: 'dev.opensync.session.synced.v1', data })!;
  return sessionView({ ...state, rollup: rollup(...messages) });
}

describe('a session’s rollup', () => {
  it('is empty without messages', () => expect(rollup()).toEqual(EMPTY_ROLLUP));

  it('sums and counts its messages', () => {
    const amounts = {
      promptTokens: 1,
      completionTokens: 2,
      cacheReadTokens: 3,
      cacheWriteTokens: 4,
      reasoningTokens: 5,
    };
    const messages = [1, 2, 3].map((n) => aMessage(n, { ...amounts, cost: 0.25, toolCallCount: n, createdAt: 10 * n }));
    expect(rollup(...messages)).toMatchObject({
      ...{ messageCount: 3, firstActivityAt: 10, lastActivityAt: 30, promptTokens: 3, completionTokens: 6 },
      ...{ cacheReadTokens: 9, cacheWriteTokens: 12, reasoningTokens: 15, cost: 0.75, toolCallCount: 6 },
    });
  });

  it('takes the title from the first prompt by time, then arrival', () => {
    const messages = [
      aMessage(1, { role: 'user', textContent: 'second', createdAt: 20 }),
      aMessage(2, { role: 'assistant', textContent: 'not a prompt', createdAt: 5 }),
      aMessage(3, { role: 'user', textContent: '<command-name>/clear</command-name>', createdAt: 6 }),
      aMessage(4, { role: 'user', textContent: 'first', createdAt: 10 }),
      aMessage(5, { role: 'user', textContent: 'as early, but later here', createdAt: 10 }),
      aMessage(6, { role: 'tool', textContent: 'a result', createdAt: 1 }),
    ];
    expect(rollup(...messages).title).toBe('first');
    expect(rollup(...messages.toReversed()).title).toBe('first');
  });

  it.each(['user', 'User', 'human', 'Human'])("treats a message with the role %s as a person's", (role) =>
    expect(rollup(aMessage(1, { role, textContent: 'Hi there' })).title).toBe('Hi there'),
  );

  it("prefers the gateway's prompt if it is in parts or outside the log", () => {
    const textRef = { sha256: 'a'.repeat(64), size: 300_000, preview: '<system-reminder>be bri' };
    expect(rollup(aMessage(1, { role: 'user', textRef, prompt: 'Fix it' })).title).toBe('Fix it');
    expect(rollup(aMessage(1, { role: 'user', prompt: 'Fix it', partCount: 2 })).title).toBe('Fix it');
    expect(rollup(aMessage(1, { role: 'user', textContent: 'x', prompt: '' })).title).toBeNull();
  });

  it('takes model and provider from the first messages that name real ones', () => {
    const messages = [
      aMessage(1, { model: '<synthetic>', provider: 'unknown' }),
      aMessage(2, { model: 'opus' }),
      aMessage(3, { model: 'sonnet', provider: 'anthropic' }),
    ];
    expect(rollup(...messages)).toMatchObject({ model: 'opus', provider: 'anthropic' });
    expect(rollup(messages[0]!)).toMatchObject({ model: null, provider: null });
  });

  it('counts a response once, with its highest amounts, however many messages repeat it', () => {
    const streamed = [0, 12, 12, 340].map((completionTokens, n) =>
      aMessage(n + 1, {
        requestId: 'req_1',
        promptTokens: n === 0 ? 0 : 900,
        completionTokens,
        cacheReadTokens: 7,
        cost: 0.5,
      }),
    );
    const other = aMessage(9, { requestId: 'req_2', promptTokens: 10, completionTokens: 1 });
    const without = [10, 11].map((sequence) => aMessage(sequence, { promptTokens: 5 }));
    expect(rollup(...streamed, other, ...without)).toMatchObject({
      ...{ messageCount: 7, promptTokens: 920, completionTokens: 341, cacheReadTokens: 7, cost: 0.5 },
    });
  });
});

describe('a missing value of a session', () => {
  const prompt = aMessage(1, { role: 'user', textContent: 'Why does it fail?', createdAt: 100 });
  const answer = aMessage(2, {
    model: 'opus',
    provider: 'anthropic',
    createdAt: 200,
    promptTokens: 600,
    completionTokens: 100,
    toolCallCount: 2,
  });

  it('is derived from its messages', () => {
    expect(view({}, prompt, answer)).toMatchObject({
      ...{ title: 'Why does it fail?', model: 'opus', provider: 'anthropic', createdAt: 100, toolCallCount: 2 },
      ...{ promptTokens: 600, completionTokens: 100, totalTokens: 700 },
    });
  });

  it('is derived from its messages if only zeros and placeholders were sent', () => {
    const said = { title: 'Untitled', model: 'unknown', provider: 'unknown', promptTokens: 0, toolCallCount: 0 };
    expect(view(said, prompt, answer)).toMatchObject({
      ...{ title: 'Why does it fail?', model: 'opus', provider: 'anthropic', promptTokens: 600, toolCallCount: 2 },
    });
  });

  it('is the sent value if no better one is known', () => {
    expect(view({ title: 'Untitled', model: 'unknown' })).toMatchObject({
      title: 'Untitled',
      model: 'unknown',
      createdAt: 5_000,
    });
    expect(view({ title: 'Untitled' }, aMessage(1, { role: 'user', textContent: '/clear' })).title).toBe('Untitled');
  });

  it('does not change a sent value', () => {
    const said = {
      title: 'Login',
      model: 'gpt-5',
      provider: 'openai',
      createdAt: 150,
      promptTokens: 7,
      toolCallCount: 9,
    };
    expect(view(said, prompt, answer)).toMatchObject(said);
  });

  it.each([
    ['a total that stays behind', { promptTokens: 1_000, completionTokens: 500, totalTokens: 15 }, 1_500],
    ['a total that is more than its parts', { promptTokens: 10, completionTokens: 5, totalTokens: 900 }, 900],
    ['cached tokens among the prompt’s', { promptTokens: 1_000, completionTokens: 5, cacheReadTokens: 900 }, 1_005],
    [
      'cached tokens beside the prompt’s',
      { promptTokens: 4, completionTokens: 5, cacheReadTokens: 900, cacheWriteTokens: 50 },
      955,
    ],
    ['reasoning beside the completion', { promptTokens: 4, completionTokens: 5, reasoningTokens: 80 }, 84],
  ])('totals at least its parts: %s', (_name, said, totalTokens) => {
    expect(view(said, prompt).totalTokens).toBe(totalTokens);
  });

  it('is readable for sessions from before there were derived values', () => {
    const { messageCount, firstActivityAt, lastActivityAt, promptTokens, completionTokens, cost } = EMPTY_ROLLUP;
    const old = { messageCount, firstActivityAt, lastActivityAt, promptTokens, completionTokens, cost };
    const event = { id: 'e', owner, time: 5_000, sequence: 9 } as const;
    const data = { sessionId, externalId: 's' };
    const state = evolveSession(undefined, { ...event, type: 'dev.opensync.session.synced.v1', data })!;
    expect(sessionView({ ...state, rollup: old as typeof EMPTY_ROLLUP })).toMatchObject({
      ...{ title: null, model: null, cacheReadTokens: 0, toolCallCount: 0, totalTokens: 0 },
    });
  });
});
