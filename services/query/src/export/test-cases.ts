import { withoutWrappers } from '@opensync/contracts';
import type { ExportMessage, ExportSession, ToolCall } from './record.ts';

/** How a session becomes test cases. */
export const TURN_MODES = ['per_turn', 'final_only', 'full', 'conversation'] as const;
export type TurnMode = (typeof TURN_MODES)[number];

/** A message of a conversation as models take it. */
export interface ChatLine {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
  readonly toolCalls?: readonly ToolCall[];
}

/** What an evaluation runs: a question, what was known before it, and what the agent did. */
export interface TestCase {
  /** Unique: the session and the prompt. */
  readonly id: string;
  /** 0 for the first one of a session. */
  readonly index: number;
  readonly input: string;
  readonly answer: string;
  /** The right answer, if anybody said so. */
  readonly expected: string | null;
  /** The conversation before the input, oldest first; of a `conversation` all of it. Bounded: the oldest are left out. */
  readonly history: readonly ChatLine[];
  readonly toolCalls: readonly ToolCall[];
  readonly model: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cost: number;
  /** Milliseconds. */
  readonly durationMs: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Something was left out because the case would be too long. */
  readonly isShortened: boolean;
}

export interface TestCaseOptions {
  readonly turnMode: TurnMode;
  /** Characters of the history of each case: without a bound, the size of an export would grow with the square of a session's length. */
  readonly contextChars: number;
  readonly includeSystem: boolean;
  readonly includeTools: boolean;
  /** Only the code blocks of answers. */
  readonly codeOnly: boolean;
}

/** Characters of the texts of one case in the modes that join a whole session. */
const LONGEST_CASE = 4 * 1024 * 1024;

interface Turn {
  readonly message: ExportMessage;
  readonly input: string;
  /** Text of each message of the agent. */
  readonly answers: string[];
  readonly toolCalls: ToolCall[];
  model: string | null;
  promptTokens: number;
  completionTokens: number;
  cost: number;
  durationMs: number;
  /** Of answers and calls. */
  characters: number;
  isShortened: boolean;
}

/** Characters that the answers and calls of one turn may have; a turn can be a day's work. */
const LONGEST_TURN = 2 * 1024 * 1024;

/**
 * The test cases of a session. A turn begins with a prompt of a person, not with what an agent sends as one, and goes up to the next; its
 * answer is the agent's last text, because what comes before it is the agent talking about its work. Turns without an answer
 * are no test cases. Pure.
 */
export async function* testCases(
  session: ExportSession,
  messages: AsyncIterable<ExportMessage>,
  options: TestCaseOptions,
): AsyncGenerator<TestCase> {
  if (options.turnMode === 'full' || options.turnMode === 'conversation') {
    const whole = new WholeSession(session);
    for await (const turn of turns(messages, options)) whole.add(turn);
    const joined = whole.testCase();
    if (joined) yield joined;
    return;
  }
  const history = new History(options.contextChars);
  let index = 0;
  let previous: TestCase | undefined;
  for await (const turn of turns(messages, options)) {
    if ('system' in turn) {
      history.keep(turn.system);
      continue;
    }
    const found = caseOf(session, turn, { index, history, options });
    if (found) {
      // One turn behind: the expected output of a session belongs to its last turn only.
      if (previous && options.turnMode === 'per_turn') yield previous;
      previous = found;
      index++;
    }
    history.add(turn);
  }
  if (previous) yield { ...previous, expected: session.expectedOutput ?? previous.expected };
}

type Item = Turn | { readonly system: string };

async function* turns(messages: AsyncIterable<ExportMessage>, options: TestCaseOptions): AsyncGenerator<Item> {
  let turn: Turn | undefined;
  for await (const message of messages) {
    if (message.role === 'system') {
      if (options.includeSystem && message.text !== '') yield { system: message.text };
      continue;
    }
    const input = message.role === 'user' ? withoutWrappers(message.text) : '';
    if (input !== '') {
      if (turn) yield turn;
      turn = newTurn(message, input);
    } else if (turn && message.role === 'assistant') addAnswer(turn, message, options);
  }
  if (turn) yield turn;
}

function newTurn(message: ExportMessage, input: string): Turn {
  return {
    message,
    input,
    answers: [],
    toolCalls: [],
    model: null,
    promptTokens: 0,
    completionTokens: 0,
    cost: 0,
    durationMs: 0,
    characters: 0,
    isShortened: false,
  };
}

function addAnswer(turn: Turn, message: ExportMessage, { includeTools, codeOnly }: TestCaseOptions): void {
  const text = codeOnly ? codeBlocks(message.text) : message.text;
  if (text.trim() !== '') {
    // The last one is the answer.
    if (turn.characters + text.length > LONGEST_TURN) turn.isShortened = turn.answers.splice(0).length > 0;
    turn.answers.push(text);
    turn.characters += text.length;
  }
  for (const call of includeTools ? message.toolCalls : []) {
    const characters = JSON.stringify(call).length;
    if (turn.characters + characters > LONGEST_TURN) turn.isShortened = true;
    else turn.toolCalls.push(call);
    turn.characters += characters;
  }
  turn.model ??= message.model;
  turn.promptTokens += message.promptTokens;
  turn.completionTokens += message.completionTokens;
  turn.cost += message.cost;
  turn.durationMs += message.durationMs;
}

/** The contents of fenced code blocks. */
function codeBlocks(text: string): string {
  const blocks = text.matchAll(/^ {0,3}(`{3,}|~{3,})[^\n]*\n([\s\S]*?)(?:^ {0,3}\1[`~]*[ \t]*$|$(?![\s\S]))/gm);
  return Array.from(blocks, ([, , code]) => code!.trimEnd()).join('\n\n');
}

interface CaseContext {
  readonly index: number;
  readonly history: History;
  readonly options: TestCaseOptions;
}

function caseOf(session: ExportSession, turn: Turn, { index, history }: CaseContext): TestCase | undefined {
  const answer = turn.answers.at(-1);
  if (answer === undefined && turn.toolCalls.length === 0) return undefined;
  return {
    id: `${session.id}:${turn.message.id}`,
    index,
    input: turn.input,
    answer: answer ?? '',
    expected: isRight(session) ? (answer ?? null) : null,
    history: history.lines(),
    toolCalls: turn.toolCalls,
    ...amountsOf(session, turn),
    createdAt: turn.message.createdAt,
    isShortened: history.isShortened || turn.isShortened,
  };
}

function amountsOf(session: ExportSession, turn: Turn) {
  const { promptTokens, completionTokens, cost, durationMs } = turn;
  return { model: turn.model ?? session.model, promptTokens, completionTokens, cost, durationMs };
}

/** Whether a person said that the agent's answers are right. */
function isRight({ evalStatus }: ExportSession): boolean {
  return evalStatus === 'golden' || evalStatus === 'correct';
}

/** What came before a turn, with the system's prompt and the newest turns kept. */
class History {
  readonly #limit: number;
  readonly #system: ChatLine[] = [];
  #lines: ChatLine[] = [];
  #characters = 0;
  isShortened = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  keep(system: string): void {
    const left = this.#limit - this.#system.reduce((sum, { content }) => sum + content.length, 0);
    if (system.length > left) this.isShortened = true;
    if (left > 0) this.#system.push({ role: 'system', content: system.slice(0, left).toWellFormed() });
  }

  add({ input, answers }: Turn): void {
    this.#push({ role: 'user', content: input });
    if (answers.length > 0) this.#push({ role: 'assistant', content: answers.at(-1)! });
  }

  lines(): readonly ChatLine[] {
    return [...this.#system, ...this.#lines];
  }

  #push(line: ChatLine): void {
    this.#lines.push(line);
    this.#characters += line.content.length;
    let dropped = 0;
    while (this.#characters > this.#limit && dropped < this.#lines.length) {
      this.#characters -= this.#lines[dropped++]!.content.length;
    }
    // A conversation begins with a question.
    while (dropped > 0 && this.#lines[dropped]?.role === 'assistant') {
      this.#characters -= this.#lines[dropped++]!.content.length;
    }
    if (dropped === 0) return;
    this.#lines = this.#lines.slice(dropped);
    this.isShortened = true;
  }
}

/** All turns as one case. */
class WholeSession {
  readonly #session: ExportSession;
  readonly #lines: ChatLine[] = [];
  readonly #calls: ToolCall[] = [];
  #characters = 0;
  #isShortened = false;
  #first: Turn | undefined;
  #last: Turn | undefined;
  readonly #amounts = { promptTokens: 0, completionTokens: 0, cost: 0, durationMs: 0 };

  constructor(session: ExportSession) {
    this.#session = session;
  }

  add(turn: Item): void {
    if ('system' in turn) return this.#push({ role: 'system', content: turn.system });
    this.#first ??= turn;
    this.#isShortened ||= turn.isShortened;
    for (const name of ['promptTokens', 'completionTokens', 'cost', 'durationMs'] as const) {
      this.#amounts[name] += turn[name];
    }
    if (turn.answers.length > 0 || turn.toolCalls.length > 0) this.#last = turn;
    this.#push({ role: 'user', content: turn.input });
    if (turn.answers.length === 0 && turn.toolCalls.length === 0) return;
    this.#push({
      role: 'assistant',
      content: turn.answers.join('\n\n'),
      ...(turn.toolCalls.length > 0 && { toolCalls: turn.toolCalls }),
    });
  }

  testCase(): TestCase | undefined {
    if (!this.#first || !this.#last) return undefined;
    const session = this.#session;
    const textOf = (role: ChatLine['role']) =>
      this.#lines
        .filter((line) => line.role === role && line.content !== '')
        .map(({ content }) => content)
        .join('\n\n');
    const answer = textOf('assistant');
    return {
      id: session.id,
      index: 0,
      input: textOf('user'),
      answer,
      expected: session.expectedOutput ?? (isRight(session) ? answer : null),
      history: this.#lines,
      toolCalls: this.#calls,
      model: this.#last.model ?? session.model,
      ...this.#amounts,
      createdAt: this.#first.message.createdAt,
      isShortened: this.#isShortened,
    };
  }

  #push(line: ChatLine): void {
    const characters = line.content.length + (line.toolCalls ? JSON.stringify(line.toolCalls).length : 0);
    if (this.#characters + characters > LONGEST_CASE) {
      this.#isShortened = true;
      return;
    }
    this.#characters += characters;
    this.#lines.push(line);
    this.#calls.push(...(line.toolCalls ?? []));
  }
}
