import { parseMessageSync, parseSessionSync } from './normalize.ts';

const owner = { workspaceId: 'wsp_a', userId: 'usr_a' };
const NOW = Date.UTC(2026, 10, 28);

/** The tokens and cost that a message and a session with this body have; both must agree. */
function amountsOf(body: object) {
  const message = parseMessageSync(owner, { sessionId: 's', messageId: 'm', ...body }, NOW);
  const session = parseSessionSync(owner, { sessionId: 's', ...body }, NOW);
  if (!message.ok || !session.ok) throw new Error('refused');
  const pick = (fields: object) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => name.endsWith('Tokens') || name === 'cost'));
  expect(pick(session.value)).toEqual(pick(message.value.message));
  return { amounts: pick(message.value.message), warnings: message.warnings };
}

describe('the usage of a response', () => {
  it.each<[string, object, object]>([
    [
      'of Anthropic',
      {
        usage: {
          input_tokens: 4,
          cache_creation_input_tokens: 50,
          cache_read_input_tokens: 900,
          output_tokens: 30,
          service_tier: 'standard',
        },
      },
      { promptTokens: 4, cacheWriteTokens: 50, cacheReadTokens: 900, completionTokens: 30 },
    ],
    [
      'of Anthropic, by how long it is cached',
      {
        usage: {
          input_tokens: 4,
          output_tokens: 3,
          cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
        },
      },
      { promptTokens: 4, completionTokens: 3, cacheWriteTokens: 50 },
    ],
    [
      'of OpenAI chat',
      {
        usage: {
          ...{ prompt_tokens: 1_000, completion_tokens: 200, total_tokens: 1_200 },
          prompt_tokens_details: { cached_tokens: 900, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 150 },
        },
      },
      { promptTokens: 1_000, completionTokens: 200, cacheReadTokens: 900, reasoningTokens: 150 },
    ],
    [
      'of OpenAI responses',
      {
        usage: {
          input_tokens: 10,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 5,
          output_tokens_details: { reasoning_tokens: 3 },
        },
      },
      { promptTokens: 10, cacheReadTokens: 0, completionTokens: 5, reasoningTokens: 3 },
    ],
    [
      'of Gemini',
      {
        usageMetadata: {
          promptTokenCount: 9,
          candidatesTokenCount: 4,
          cachedContentTokenCount: 7,
          thoughtsTokenCount: 2,
          totalTokenCount: 15,
        },
      },
      { promptTokens: 9, completionTokens: 4, cacheReadTokens: 7, reasoningTokens: 2 },
    ],
    [
      'of Gemini CLI',
      { tokens: { input: 9, output: 4, cached: 7, thoughts: 2, tool: 0, total: 15 } },
      { promptTokens: 9, completionTokens: 4, cacheReadTokens: 7, reasoningTokens: 2 },
    ],
    [
      'of OpenCode',
      { tokens: { input: 11, output: 7, reasoning: 5, cache: { read: 900, write: 40 } } },
      { promptTokens: 11, completionTokens: 7, reasoningTokens: 5, cacheReadTokens: 900, cacheWriteTokens: 40 },
    ],
    [
      'of Codex',
      {
        usage: {
          input_tokens: 100,
          cached_input_tokens: 80,
          output_tokens: 30,
          reasoning_output_tokens: 20,
          total_tokens: 130,
        },
      },
      { promptTokens: 100, cacheReadTokens: 80, completionTokens: 30, reasoningTokens: 20 },
    ],
    [
      'of Droid',
      {
        tokenUsage: { inputTokens: 6, outputTokens: 5, cacheCreationTokens: 4, cacheReadTokens: 3, thinkingTokens: 2 },
      },
      { promptTokens: 6, completionTokens: 5, cacheWriteTokens: 4, cacheReadTokens: 3, reasoningTokens: 2 },
    ],
    [
      'of Pi',
      { usage: { input: 6, output: 5, cacheRead: 4, cacheWrite: 3, cost: { input: 0.1, output: 0.2, total: 0.3 } } },
      { promptTokens: 6, completionTokens: 5, cacheReadTokens: 4, cacheWriteTokens: 3, cost: 0.3 },
    ],
    [
      'of Vercel’s AI SDK',
      { usage: { inputTokens: 6, outputTokens: 5, reasoningTokens: 2, cachedInputTokens: 4, totalTokens: 11 } },
      { promptTokens: 6, completionTokens: 5, reasoningTokens: 2, cacheReadTokens: 4 },
    ],
    [
      'of DeepSeek',
      { usage: { prompt_tokens: 20, completion_tokens: 5, prompt_cache_hit_tokens: 16, prompt_cache_miss_tokens: 4 } },
      { promptTokens: 20, completionTokens: 5, cacheReadTokens: 16 },
    ],
    [
      'beside the usual fields',
      { promptTokens: 20, completionTokens: 5, cachedTokens: 16, reasoningTokens: 3 },
      { promptTokens: 20, completionTokens: 5, cacheReadTokens: 16, reasoningTokens: 3 },
    ],
    [
      'beside the usual fields, as Anthropic names it',
      { input_tokens: 20, output_tokens: 5, cache_read_input_tokens: 16, cache_creation_input_tokens: 9 },
      { promptTokens: 20, completionTokens: 5, cacheReadTokens: 16, cacheWriteTokens: 9 },
    ],
    [
      'in both places, of which the fields count',
      { promptTokens: 20, cost: 0.5, usage: { input_tokens: 4, output_tokens: 5, cost: 9 } },
      { promptTokens: 20, completionTokens: 5, cost: 0.5 },
    ],
    [
      'in both places, of which a zero does not count',
      { promptTokens: 0, completionTokens: 0, usage: { input_tokens: 4, output_tokens: 5 } },
      { promptTokens: 4, completionTokens: 5 },
    ],
    ['as text', { usage: { input_tokens: '4' } }, { promptTokens: 4 }],
    ['in an object that is none', { usage: 'lots', tokens: [1] }, {}],
    ['in no field that is known', { usage: { characters: 4 } }, {}],
  ])('is read %s', (_name, body, amounts) => expect(amountsOf(body).amounts).toEqual(amounts));

  it('is read except for unusable values, which are named', () => {
    const { amounts, warnings } = amountsOf({
      usage: { input_tokens: -4, output_tokens: 5, cache_read_input_tokens: 'NaN' },
    });
    expect(amounts).toEqual({ completionTokens: 5 });
    expect(warnings.map(({ path, field, reason }) => [path, field, reason])).toEqual([
      ['usage.input_tokens', 'promptTokens', 'negative'],
      ['usage.cache_read_input_tokens', 'cacheReadTokens', 'unreadable'],
    ]);
  });
});
