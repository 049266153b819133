import { basename } from 'node:path';
import { answersOf, promptOf, resultText, toolResultsOf, toolUsesOf, type TranscriptLine } from './transcript.ts';

/** What a reader must find after the plugin has synced a whole transcript, derived from the transcript alone. */
export interface ExpectedSession {
  readonly externalId: string;
  readonly title: string;
  readonly projectPath: string;
  readonly projectName: string;
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** US dollars. */
  readonly cost: number;
  readonly durationMs: number;
  readonly toolCallCount: number;
  readonly prompts: readonly string[];
  readonly answers: readonly string[];
  /** By the time of their results, as the plugin learns of them. */
  readonly tools: readonly {
    readonly id: string;
    readonly name: string;
    readonly args: unknown;
    readonly result: string;
  }[];
}

/** US dollars per million tokens, of the model that the fixture names; the plugin reckons others as free. */
const PRICES: Readonly<Record<string, { input: number; output: number; cacheWrite: number; cacheRead: number }>> = {
  'claude-sonnet-4-20250514': { input: 3, output: 15, cacheWrite: 3.75, cacheRead: 0.3 },
};

export function expectedSession(lines: readonly TranscriptLine[]): ExpectedSession {
  const assistant = lines.filter(({ type }) => type === 'assistant');
  const sum = (pick: (usage: Usage) => number) =>
    assistant.reduce((total, { message }) => total + (message?.usage ? pick(message.usage) : 0), 0);
  const input = sum((usage) => usage.input_tokens);
  const cacheWrite = sum((usage) => usage.cache_creation_input_tokens);
  const cacheRead = sum((usage) => usage.cache_read_input_tokens);
  const output = sum((usage) => usage.output_tokens);
  const model = first(assistant, ({ message }) => message?.model);
  const price = PRICES[model];
  const times = lines.flatMap(({ timestamp }) => (timestamp ? [Date.parse(timestamp)] : []));
  const prompts = lines.flatMap((line) => promptOf(line) ?? []);
  const projectPath = first(lines, ({ cwd }) => cwd);
  const uses = new Map(lines.flatMap(toolUsesOf).map((use) => [use.id, use]));
  return {
    externalId: first(lines, ({ sessionId }) => sessionId),
    title: lines.find(({ slug }) => slug)?.slug ?? titleOf(prompts[0] ?? ''),
    projectPath,
    projectName: basename(projectPath),
    model,
    promptTokens: input + cacheWrite + cacheRead,
    completionTokens: output,
    cost: price
      ? (input * price.input + cacheWrite * price.cacheWrite + cacheRead * price.cacheRead + output * price.output) /
        1e6
      : 0,
    durationMs: times.at(-1)! - times[0]!,
    toolCallCount: uses.size,
    prompts,
    answers: assistant.flatMap(answersOf),
    tools: lines.flatMap(toolResultsOf).flatMap((result) => {
      const use = uses.get(result.tool_use_id);
      return use ? { id: use.id, name: use.name, args: use.input, result: resultText(result) } : [];
    }),
  };
}

type Usage = NonNullable<NonNullable<TranscriptLine['message']>['usage']>;

/**
 * The plugin's title of a session without a name: the first prompt, cut at a word after at most 80 UTF-16 units. Half of a
 * surrogate pair at its end is stored as U+FFFD.
 */
function titleOf(prompt: string): string {
  const cut = prompt.slice(0, 80).trim();
  if (prompt.length <= 80) return cut;
  const lastSpace = cut.lastIndexOf(' ');
  return `${lastSpace > 40 ? cut.slice(0, lastSpace) : cut}...`.toWellFormed();
}

function first<T>(lines: readonly TranscriptLine[], pick: (line: TranscriptLine) => T | undefined): T {
  for (const line of lines) {
    const value = pick(line);
    if (value !== undefined) return value;
  }
  throw new Error('the transcript does not say');
}
