import type { Subagent } from '../lineage.ts';
import {
  isoTime,
  type ExportMessage,
  type ExportSession,
  type Json,
  type ToolCall,
  type ToolResult,
} from '../record.ts';
import { ROW, type Piece, type SessionFormat } from './format.ts';
import { argumentsOf, textOfJson } from './json-text.ts';

/**
 * The Agent Trajectory Interchange Format: the only one that holds all we know. What it has no field for is in `extra`. A step is a
 * message; the results of its calls are its observation. A session that an agent started is referred to by the calls
 * of the step that were running when it began; what a fork has copied is marked.
 */
export const atif: SessionFormat = {
  kind: 'sessions',
  name: 'atif',
  meaning: 'ATIF 1.8, without loss: tools, reasoning, usage, subagents, copied context',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  readsMessages: true,
  readsLineage: true,
  async *rows(session, messages, _options, lineage): AsyncGenerator<Piece> {
    const { subagents } = lineage;
    let steps = 0;
    let isCopied = true;
    let started = 0;
    for await (const { message, until } of withEnds(messages)) {
      if (steps === 0) {
        yield ROW;
        yield `${opening(session, subagents)},"steps":[`;
      } else yield ',';
      // A fork begins with what it has copied.
      isCopied &&= await lineage.isCopied(message.createdAt);
      const first = started;
      while (started < subagents.length && subagents[started]!.startedAt < until) started++;
      yield JSON.stringify(stepOf(message, { step_id: ++steps, isCopied, started: subagents.slice(first, started) }));
    }
    if (steps === 0) return;
    yield `],"final_metrics":${JSON.stringify(finalMetrics(session, steps))}}`;
  },
};

/** Each message with the time of the next one. */
async function* withEnds(
  messages: AsyncIterable<ExportMessage>,
): AsyncGenerator<{ message: ExportMessage; until: number }> {
  let held: ExportMessage | undefined;
  for await (const next of messages) {
    if (held) yield { message: held, until: next.createdAt };
    held = next;
  }
  if (held) yield { message: held, until: Infinity };
}

function opening(session: ExportSession, subagents: readonly Subagent[]): string {
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
      ...(subagents.length > 0 && { subagents: subagents.map(referenceTo) }),
    },
  };
  return JSON.stringify(trajectory).slice(0, -1);
}

function referenceTo({ id, externalId }: Subagent): object {
  return { session_id: externalId, trajectory_id: id };
}

/** Agents call the tool that starts another one like this. */
const STARTS_AGENT = /task|agent|spawn|delegate/i;

/** The results of a step's calls, with the sessions that began while they ran. */
function resultsOf(toolCalls: readonly ToolCall[], started: readonly Subagent[]): object[] {
  const starters = toolCalls.filter(({ name }) => STARTS_AGENT.test(name));
  const candidates = starters.length > 0 ? starters : toolCalls;
  return toolCalls.flatMap((call) => {
    const at = candidates.indexOf(call);
    // One for each in turn; the last call has the others.
    const own = at < 0 ? [] : at === candidates.length - 1 ? started.slice(at) : started.slice(at, at + 1);
    if (!call.result && own.length === 0) return [];
    const answered = call.result ? resultOf(call.result, call.id) : { source_call_id: call.id };
    return [{ ...answered, ...(own.length > 0 && { subagent_trajectory_ref: own.map(referenceTo) }) }];
  });
}

interface StepPlace {
  readonly step_id: number;
  readonly isCopied: boolean;
  /** Sessions that began between this message and the next one. */
  readonly started: readonly Subagent[];
}

function stepOf(message: ExportMessage, { step_id, isCopied, started }: StepPlace): object {
  const source =
    message.role === 'user' || message.role === 'system' ? message.role : message.role === 'tool' ? 'user' : 'agent';
  const isAgent = source === 'agent';
  const { model, reasoning, toolCalls, toolResults } = message;
  const results = [...(isAgent ? resultsOf(toolCalls, started) : []), ...toolResults.map((result) => resultOf(result))];
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
    ...(isCopied && { is_copied_context: true }),
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
