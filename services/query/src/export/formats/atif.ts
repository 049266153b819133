import { isoTime, type ExportMessage, type ExportSession, type Json, type ToolResult } from '../record.ts';
import { ROW, type Piece, type SessionFormat } from './format.ts';
import { argumentsOf, textOfJson } from './json-text.ts';

/** What Pi calls a session that continues another one. */
const FORK = /^\[Fork::([^\]]{1,200})\]/;

/**
 * The Agent Trajectory Interchange Format: the only one that holds all we know. What it has no field for is in `extra`. A step is a
 * message; the results of its calls are its observation.
 */
export const atif: SessionFormat = {
  kind: 'sessions',
  name: 'atif',
  meaning: 'ATIF 1.8, without loss: tools, reasoning, usage',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  readsMessages: true,
  async *rows(session, messages): AsyncGenerator<Piece> {
    let steps = 0;
    for await (const message of messages) {
      if (steps === 0) {
        yield ROW;
        yield `${opening(session)},"steps":[`;
      } else yield ',';
      yield JSON.stringify(stepOf(message, ++steps));
    }
    if (steps === 0) return;
    yield `],"final_metrics":${JSON.stringify(finalMetrics(session, steps))}}`;
  },
};

function opening(session: ExportSession): string {
  const {
    id,
    externalId,
    source,
    model,
    provider,
    promptTokens: _prompt,
    completionTokens: _completion,
    createdAt,
    updatedAt,
    firstActivityAt,
    lastActivityAt,
    ...others
  } = session;
  const trajectory = {
    schema_version: 'ATIF-v1.8',
    session_id: externalId,
    trajectory_id: id,
    agent: {
      name: source,
      // No plugin sends it.
      version: 'unknown',
      ...(model !== null && { model_name: model }),
      ...(provider !== null && { extra: { provider } }),
    },
    ...(session.evalNotes !== null && { notes: session.evalNotes }),
    extra: {
      ...present(others),
      createdAt: isoTime(createdAt),
      updatedAt: isoTime(updatedAt),
      ...(firstActivityAt !== null && { firstActivityAt: isoTime(firstActivityAt) }),
      ...(lastActivityAt !== null && { lastActivityAt: isoTime(lastActivityAt) }),
      ...(session.title !== null && FORK.test(session.title) && { forkedFrom: FORK.exec(session.title)![1] }),
    },
  };
  return JSON.stringify(trajectory).slice(0, -1);
}

function stepOf(message: ExportMessage, step_id: number): object {
  const source =
    message.role === 'user' || message.role === 'system' ? message.role : message.role === 'tool' ? 'user' : 'agent';
  const isAgent = source === 'agent';
  const { model, reasoning, toolCalls, toolResults } = message;
  const results = [
    ...(isAgent ? toolCalls.flatMap(({ id, result }) => (result ? [resultOf(result, id)] : [])) : []),
    ...toolResults.map((result) => resultOf(result)),
  ];
  const extra = extraOf(message, isAgent);
  return {
    step_id,
    timestamp: isoTime(message.createdAt),
    source,
    ...(isAgent && model !== null && { model_name: model }),
    message: message.text,
    ...(isAgent && reasoning !== '' && { reasoning_content: reasoning }),
    ...(isAgent &&
      toolCalls.length > 0 && {
        tool_calls: toolCalls.map(({ id, name, args, extra: more }) => ({
          tool_call_id: id,
          function_name: name,
          arguments: argumentsOf(args),
          ...(more !== undefined && { extra: { sent: more } }),
        })),
      }),
    ...(results.length > 0 && { observation: { results } }),
    ...(isAgent && metricsOf(message)),
    extra,
  };
}

function resultOf({ content, callId, isError, extra: more }: ToolResult, source_call_id?: string): object {
  const extra = {
    ...(typeof content !== 'string' && { content }),
    ...(source_call_id === undefined && callId !== undefined && { callId }),
    ...(isError && { isError }),
    ...(more !== undefined && { sent: more }),
  };
  return {
    ...(source_call_id !== undefined && { source_call_id }),
    content: textOfJson(content),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function metricsOf(message: ExportMessage): object {
  const { promptTokens, completionTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, cost } = message;
  if (promptTokens + completionTokens + cacheReadTokens + cacheWriteTokens + reasoningTokens + cost === 0) return {};
  return {
    metrics: {
      prompt_tokens: Math.round(promptTokens),
      completion_tokens: Math.round(completionTokens),
      cached_tokens: Math.round(cacheReadTokens),
      ...(cost > 0 && { cost_usd: cost }),
      extra: { cache_write_tokens: cacheWriteTokens, reasoning_tokens: reasoningTokens },
    },
  };
}

/** What a step has no field for, and what only an agent's step may have. */
function extraOf(message: ExportMessage, isAgent: boolean): { readonly [name: string]: unknown } {
  const { id, externalId, sentRole, provider, durationMs, media, others, extras, shortened } = message;
  return {
    id,
    externalId,
    role: sentRole,
    ...(provider !== null && { provider }),
    ...(durationMs > 0 && { duration_ms: durationMs }),
    ...(media.length > 0 && { media }),
    ...(others.length > 0 && { parts: others }),
    ...(extras.length > 0 && { hints: extras }),
    ...(shortened > 0 && { shortened }),
    ...(!isAgent && message.reasoning !== '' && { reasoning: message.reasoning }),
    ...(!isAgent && message.toolCalls.length > 0 && { toolCalls: message.toolCalls as unknown as Json }),
    ...(!isAgent && message.model !== null && { model: message.model }),
  };
}

function finalMetrics(session: ExportSession, total_steps: number): object {
  const { promptTokens, completionTokens, cacheReadTokens, cost } = session;
  return {
    total_prompt_tokens: Math.round(promptTokens),
    total_completion_tokens: Math.round(completionTokens),
    total_cached_tokens: Math.round(cacheReadTokens),
    total_cost_usd: cost,
    total_steps,
  };
}

function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
