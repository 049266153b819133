import type { ExportMessage } from '../record.ts';
import { ROW, type Piece, type SessionFormat } from './format.ts';
import { argumentsOf, textOfJson } from './json-text.ts';

/** One conversation a line, as chat models and trainers take it. */
export const chat: SessionFormat = {
  kind: 'sessions',
  name: 'chat',
  meaning: 'conversations as `messages` of a chat model, with tools: `datasets`, fine-tuning',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  readsMessages: true,
  async *rows(session, messages, { includeMetadata, includeTools, includeSystem }): AsyncGenerator<Piece> {
    let count = 0;
    for await (const message of messages) {
      for (const line of chatMessages(message, { includeTools, includeSystem })) {
        if (count === 0) {
          yield ROW;
          yield '{"messages":[';
        } else yield ',';
        count++;
        yield JSON.stringify(line);
      }
    }
    if (count === 0) return;
    const metadata = {
      session_id: session.externalId,
      title: session.title ?? '',
      model: session.model ?? '',
      tool: session.source,
      timestamp: new Date(session.createdAt).toISOString(),
      eval_status: session.evalStatus ?? '',
      tags: session.evalTags,
    };
    yield includeMetadata ? `],"metadata":${JSON.stringify(metadata)}}` : ']}';
  },
};

function* chatMessages(
  { role, text, toolCalls, toolResults }: ExportMessage,
  { includeTools, includeSystem }: { includeTools: boolean; includeSystem: boolean },
) {
  if (role === 'system') {
    if (includeSystem && text !== '') yield { role, content: text };
    return;
  }
  const calls = includeTools ? toolCalls : [];
  if (role !== 'tool' && (text !== '' || calls.length > 0)) {
    const tool_calls = calls.map(({ id, name, args }) => ({
      id,
      type: 'function',
      // Text, as providers have it: columns of a data set have one type.
      function: { name, arguments: JSON.stringify(argumentsOf(args)) },
    }));
    yield { role: calls.length > 0 ? 'assistant' : role, content: text, ...(calls.length > 0 && { tool_calls }) };
  }
  for (const { id, result } of calls) {
    if (result) yield { role: 'tool', content: textOfJson(result.content), tool_call_id: id };
  }
  if (!includeTools) return;
  // Models refuse an answer to a call that nobody made.
  for (const { content } of toolResults) yield { role: 'user', content: `[tool result]\n${textOfJson(content)}` };
}

/** Most trainers want people and models to take turns, so what one says in a row is one entry. */
export const sharegpt: SessionFormat = {
  kind: 'sessions',
  name: 'sharegpt',
  meaning: 'conversations in the form of ShareGPT, which many trainers take; tool calls as `<tool_call>` blocks',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  readsMessages: true,
  async *rows(session, messages, { includeTools, includeSystem }): AsyncGenerator<Piece> {
    let last: string | undefined;
    for await (const message of messages) {
      for (const { from, value } of shareGptEntries(message, { includeTools, includeSystem })) {
        if (last === undefined) {
          yield ROW;
          yield `{"id":${JSON.stringify(session.externalId)},"conversations":[`;
        }
        if (from === last) yield JSON.stringify(`\n\n${value}`).slice(1, -1);
        else {
          if (last !== undefined) yield '"},';
          yield `{"from":"${from}","value":"${JSON.stringify(value).slice(1, -1)}`;
        }
        last = from;
      }
    }
    if (last !== undefined) yield '"}]}';
  },
};

function* shareGptEntries(
  { role, text, toolCalls, toolResults }: ExportMessage,
  { includeTools, includeSystem }: { includeTools: boolean; includeSystem: boolean },
): Generator<{ readonly from: 'human' | 'gpt' | 'system' | 'tool'; readonly value: string }> {
  if (role === 'system') {
    if (includeSystem && text !== '') yield { from: 'system', value: text };
    return;
  }
  if (text !== '' && role !== 'tool') yield { from: role === 'user' ? 'human' : 'gpt', value: text };
  if (!includeTools) return;
  for (const { name, args } of toolCalls) {
    yield {
      from: 'gpt',
      value: `<tool_call>\n${JSON.stringify({ name, arguments: argumentsOf(args) })}\n</tool_call>`,
    };
  }
  for (const result of [...toolCalls.flatMap((call) => call.result ?? []), ...toolResults]) {
    yield { from: 'tool', value: textOfJson(result.content) };
  }
}
