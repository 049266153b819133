import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';

export const BENCH_KEY = `osk_${'bench'.repeat(8)}`;

export interface Load {
  /** Answered requests per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly failed: number;
}

/** Posts `body()` over so many connections for some seconds, each connection as fast as it is answered. */
export async function post(
  url: string,
  { connections, seconds, body }: { connections: number; seconds: number; body: () => string },
): Promise<Load> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${BENCH_KEY}` },
    requests: [{ setupRequest: (request: autocannon.Request) => ({ ...request, body: body() }) }],
  });
  return {
    rate: result['2xx'] / result.duration,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors,
  };
}

const COMMON =
  'the login test fails because cookie expires before request retry handler returns undefined when network slow ' +
  'useState renders twice parse error config token stream index query build docker kubernetes deploy cache memory';
const SYLLABLES = [
  'ka',
  'lo',
  'mi',
  'ren',
  'tas',
  'vo',
  'que',
  'ster',
  'bin',
  'dor',
  'fla',
  'gri',
  'hup',
  'jen',
  'nox',
];

/** 5,000 words of which the n-th is about 1/n as common as the first (Zipf), as in real text. */
const VOCABULARY: readonly string[] = [
  ...COMMON.split(' '),
  ...Array.from({ length: 5_000 }, (_, at) => syllables(at + 50)),
];

function syllables(number: number): string {
  let word = '';
  for (let rest = number; rest > 0; rest = Math.floor(rest / SYLLABLES.length))
    word += SYLLABLES[rest % SYLLABLES.length];
  return word;
}

function someWord(): string {
  // The inverse of a Zipf distribution's cumulative share, which grows with the logarithm of the rank.
  return VOCABULARY[Math.floor(VOCABULARY.length ** Math.random())]!;
}

/** About `length` characters of text that is different each time. */
export function someText(length: number): string {
  let text = randomUUID();
  while (text.length < length) text += ` ${someWord()}`;
  return text;
}

let count = 0;

/** A message of about 1 KiB, each with an id of its own, spread over sessions of 50 messages. */
export function aMessage(prefix = 'bench'): Record<string, unknown> {
  const at = count++;
  return {
    sessionExternalId: `${prefix}-session-${Math.floor(at / 50)}`,
    externalId: `${prefix}-message-${at}`,
    role: at % 2 ? 'assistant' : 'user',
    textContent: someText(800),
    promptTokens: 100,
    model: 'claude-opus-4-6',
    source: 'claude-code',
  };
}

/** A message with a call of a tool and a result of so many bytes of text that is different each time. */
export function aToolResult(bytes: number): Record<string, unknown> {
  const { textContent: _text, ...message } = aMessage('bench-large');
  const lines = `${someText(2_000)}\n`;
  const result = lines.repeat(Math.ceil(bytes / lines.length)).slice(0, bytes);
  const call = { type: 'tool-call', content: { toolName: 'Bash', args: { command: 'cat build.log' } } };
  return { ...message, role: 'assistant', parts: [call, { type: 'tool-result', content: result }] };
}

export function aBatch(messages: number, prefix?: string): string {
  return JSON.stringify({ sessions: [], messages: Array.from({ length: messages }, () => aMessage(prefix)) });
}
