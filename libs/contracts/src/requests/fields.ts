import type { Field } from './readers.ts';

/**
 * The names under which clients send fields of sessions and messages, and how each is read. The tests use these
 * tables, too: a field that is added here is tested with every kind of unusable value.
 */

/** Titles, paths, names of models: longer than anyone reads, but bounded, because every index row copies them. */
const LONGEST_LABEL = 4_096;
/** As long as an id may be. */
const LONGEST_ID = 512;

/** The name and its form in snake case, then the others that clients use. */
const named = (name: string, ...others: readonly string[]) => {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return snake === name ? [name, ...others] : [name, snake, ...others];
};

const label = (names: readonly string[], within: readonly string[] = []): Field => ({
  kind: 'label',
  names,
  longest: LONGEST_LABEL,
  cut: true,
  within,
});
/** A truncated name would not identify anything. */
const key = (names: readonly string[], longest: number, within: readonly string[] = []): Field => ({
  kind: 'label',
  names,
  longest,
  cut: false,
  within,
});
const amount = (names: readonly string[], within: readonly string[] = []): Field => ({ kind: 'amount', names, within });

const TOKENS = {
  promptTokens: amount(named('promptTokens', 'inputTokens', 'input_tokens')),
  completionTokens: amount(named('completionTokens', 'outputTokens', 'output_tokens')),
  cacheReadTokens: amount(
    named('cacheReadTokens', 'cachedTokens', 'cached_tokens', 'cacheReadInputTokens', 'cache_read_input_tokens'),
  ),
  cacheWriteTokens: amount(
    named(
      'cacheWriteTokens',
      ...['cacheCreationTokens', 'cache_creation_tokens', 'cacheCreationInputTokens', 'cache_creation_input_tokens'],
    ),
  ),
  reasoningTokens: amount(named('reasoningTokens', 'thinkingTokens', 'thinking_tokens', 'reasoning_output_tokens')),
} satisfies Record<string, Field>;

const COST = amount(named('cost', 'costUsd', 'cost_usd', 'costUSD', 'totalCost', 'total_cost'), [
  'total',
  'usd',
  'amount',
]);

/** The original time under any name; in `time`, OpenCode sends an object. */
const CREATED_AT: Field = {
  kind: 'time',
  names: ['sourceCreatedAt', 'createdAt', 'created_at', 'timestamp', 'time', 'created', 'startedAt', 'started_at'],
  within: ['created', 'start', 'createdAt', '$date'],
};

const MODEL_NAMES = ['modelID', 'modelId', 'model_id', 'id', 'name', 'model', 'slug'];
const MODEL = key(named('model', 'modelID', 'modelId', 'model_id'), LONGEST_LABEL, MODEL_NAMES);
const PROVIDER = key(named('provider', 'providerID', 'providerId', 'provider_id'), LONGEST_LABEL, [
  ...['providerID', 'providerId', 'id', 'name'],
]);
const SOURCE = key(['source'], LONGEST_LABEL, ['id', 'name']);

export const SESSION_FIELDS = {
  source: SOURCE,
  title: label(['title'], ['text', 'title', 'name']),
  projectPath: key(named('projectPath', 'cwd', 'directory'), LONGEST_LABEL, ['cwd', 'path']),
  projectName: label(named('projectName'), ['name']),
  model: MODEL,
  provider: PROVIDER,
  endReason: label(named('endReason')),
  parentExternalId: key(
    named(
      'parentExternalId',
      ...['parentSessionId', 'parent_session_id', 'parentID', 'parentId', 'parent_id'],
      'parent_thread_id',
    ),
    LONGEST_ID,
  ),
  forkedFromExternalId: key(
    named(
      'forkedFromExternalId',
      ...['forkedFrom', 'forked_from', 'forkedFromId', 'forked_from_id', 'fork_session_id'],
    ),
    LONGEST_ID,
  ),
  ...TOKENS,
  totalTokens: amount(named('totalTokens')),
  cost: COST,
  durationMs: amount(named('durationMs')),
  messageCount: amount(named('messageCount')),
  toolCallCount: amount(named('toolCallCount')),
  createdAt: CREATED_AT,
} satisfies Record<string, Field>;

export const MESSAGE_FIELDS = {
  source: SOURCE,
  role: key(['role'], 64),
  model: MODEL,
  provider: PROVIDER,
  requestId: key(named('requestId', 'providerRequestId', 'responseId', 'response_id'), 512),
  ...TOKENS,
  cost: COST,
  durationMs: amount(named('durationMs')),
  createdAt: CREATED_AT,
} satisfies Record<string, Field>;

export type TokenField = keyof typeof TOKENS;

/** Objects in which agents and providers report usage. */
export const USAGE_OBJECTS = ['usage', 'tokens', 'tokenUsage', 'token_usage', 'usageMetadata', 'usage_metadata'];

/**
 * The names of the amounts in these objects: Anthropic, OpenAI chat and responses, Gemini, OpenCode, Codex, Droid,
 * Pi, Vercel's AI SDK, DeepSeek.
 */
export const USAGE_NAMES: Readonly<Record<TokenField | 'cost', readonly (readonly string[])[]>> = {
  promptTokens: paths('input_tokens inputTokens prompt_tokens promptTokens input prompt promptTokenCount'),
  completionTokens: paths(
    'output_tokens outputTokens completion_tokens completionTokens output completion candidatesTokenCount',
  ),
  cacheReadTokens: paths(
    `cache_read_input_tokens cacheReadInputTokens cacheReadTokens cache_read_tokens cached_input_tokens cachedInputTokens
     cachedTokens cached_tokens cacheRead cache_read cached cache.read cachedContentTokenCount
     prompt_tokens_details.cached_tokens input_tokens_details.cached_tokens inputTokenDetails.cacheReadTokens
     prompt_cache_hit_tokens input_cache_read input_cached_tokens`,
  ),
  cacheWriteTokens: paths(
    `cache_creation_input_tokens cacheCreationInputTokens cacheWriteTokens cache_write_tokens cacheCreationTokens
     cache_creation_tokens cacheWrite cache_write cache.write inputTokenDetails.cacheWriteTokens
     prompt_tokens_details.cache_write_tokens input_cache_creation`,
  ),
  reasoningTokens: paths(
    `reasoning_tokens reasoningTokens reasoning reasoning_output_tokens reasoningOutputTokens thoughts thoughtsTokenCount
     thinkingTokens thinking_tokens completion_tokens_details.reasoning_tokens output_tokens_details.reasoning_tokens
     outputTokenDetails.reasoningTokens output_reasoning`,
  ),
  cost: paths('cost.total cost costUSD cost_usd total_cost'),
};

function paths(names: string): string[][] {
  return names.split(/\s+/).map((name) => name.split('.'));
}

/** The agent's id of a session or message; the first of these names with a usable value counts. */
export const SESSION_ID_NAMES = ['externalId', 'external_id', 'sessionId', 'session_id', 'sessionID'];
export const SESSION_OF_MESSAGE_NAMES = [
  ...['sessionExternalId', 'session_external_id', 'sessionId', 'session_id', 'sessionID'],
];
export const MESSAGE_ID_NAMES = ['externalId', 'external_id', 'messageId', 'message_id', 'messageID'];
