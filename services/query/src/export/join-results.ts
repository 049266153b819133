import type { ExportMessage, ToolResult } from './record.ts';

/** How many messages may wait for the results of their calls; agents split an answer into a message for each call. */
const MOST_WAITING = 16;
/** Characters of messages and results that may wait. */
const MOST_WAITING_CHARACTERS = 4 * 1024 * 1024;

interface Waiting {
  message: ExportMessage;
  characters: number;
}

/**
 * The messages with each result of a tool at its call, wherever its agent sent it; a message that held nothing else is left out. By the
 * id of the call, or, for agents without ids, in order. A result whose call is unknown stays where it is.
 */
export async function* joinResults(messages: AsyncIterable<ExportMessage>): AsyncGenerator<ExportMessage> {
  const waiting: Waiting[] = [];
  let characters = 0;
  for await (const message of messages) {
    const left = message.toolResults.filter((result) => {
      const added = answer(waiting, result);
      characters += added;
      return added === 0;
    });
    const rest = left.length === message.toolResults.length ? message : { ...message, toolResults: left };
    // The next prompt, or the next answer of the model, ends the wait for results.
    if (rest.role === 'user' && rest.text !== '') yield* flush();
    if (isEmptyNow(rest, message)) continue;
    const size = charactersOf(rest);
    waiting.push({ message: rest, characters: size });
    characters += size;
    while (waiting.length > 0 && isSettled(waiting[0]!.message)) yield take();
    while (waiting.length > MOST_WAITING || characters > MOST_WAITING_CHARACTERS) yield take();
  }
  yield* flush();

  function take(): ExportMessage {
    const { message, characters: size } = waiting.shift()!;
    characters -= size;
    return message;
  }
  function* flush() {
    while (waiting.length > 0) yield take();
  }
}

function isSettled({ toolCalls }: ExportMessage): boolean {
  return toolCalls.every(({ result }) => result !== undefined);
}

/** Gives a result to its call. Returns its characters; 0 if there is no such call. */
function answer(waiting: Waiting[], result: ToolResult): number {
  const { callId } = result;
  for (const entry of waiting) {
    const { toolCalls } = entry.message;
    const at = toolCalls.findIndex((call) =>
      callId === undefined ? call.result === undefined : call.id === callId && call.result === undefined,
    );
    if (at < 0) continue;
    const added = 1 + JSON.stringify(result.content).length;
    entry.message = { ...entry.message, toolCalls: toolCalls.with(at, { ...toolCalls[at]!, result }) };
    entry.characters += added;
    return added;
  }
  return 0;
}

/** Whether all that the message held has gone to calls before it. */
function isEmptyNow(rest: ExportMessage, before: ExportMessage): boolean {
  if (before.toolResults.length === 0 || rest.toolResults.length > 0) return false;
  // The text of such a message repeats its results, where it has one.
  return rest.role === 'tool' || (rest.text === '' && rest.toolCalls.length === 0 && rest.media.length === 0);
}

function charactersOf({ text, reasoning, toolCalls }: ExportMessage): number {
  return text.length + reasoning.length + (toolCalls.length > 0 ? JSON.stringify(toolCalls).length : 0);
}
