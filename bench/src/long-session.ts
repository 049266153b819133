import { waitFor } from '@opensync/testkit';
import { BENCH_KEY, someText } from './load.ts';
import type { Product } from './processes/product.ts';

export const MESSAGES = 10_000;
export const LONG_SESSION = 'bench-long';
const BATCH = 100;
const headers = { authorization: `Bearer ${BENCH_KEY}` };

/** Writes a session of 10,000 messages; resolves when all can be read. */
export async function writeLongSession({ url }: Pick<Product, 'url'>): Promise<void> {
  // A busy machine's log may ask for patience.
  for (let at = 0; at < MESSAGES; at += BATCH) {
    await waitFor(() => send(url, at), { timeoutMs: 120_000, what: 'the log to accept a batch' });
  }
  const outline = `${url}/api/sessions/${LONG_SESSION}/outline`;
  await waitFor(async () => (await counted(outline)) === MESSAGES, { timeoutMs: 300_000, what: 'all messages' });
}

async function counted(url: string): Promise<number> {
  const response = await fetch(url, { headers });
  if (!response.ok) return 0;
  const { columns } = (await response.json()) as { columns: { id: readonly string[] } };
  return columns.id.length;
}

async function send(url: string, from: number): Promise<boolean> {
  const messages = Array.from({ length: BATCH }, (_, offset) => aMessage(from + offset));
  const response = await fetch(`${url}/sync/batch`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ sessions: [], messages }),
  });
  await response.arrayBuffer();
  return response.status === 200;
}

/** A prompt, a text with a call, and its result, in turn. */
function aMessage(at: number): object {
  const ids = { sessionExternalId: LONG_SESSION, externalId: `m${at}`, createdAt: 1_767_225_600_000 + at * 1_000 };
  const callId = `call_${Math.floor(at / 3)}`;
  if (at % 3 === 0) return { ...ids, role: 'user', textContent: someText(200) };
  if (at % 3 === 1) {
    const call = { type: 'tool_use', id: callId, name: 'Bash', input: { command: someText(80) } };
    return { ...ids, role: 'assistant', completionTokens: 90, parts: [{ type: 'text', text: someText(600) }, call] };
  }
  const result = { type: 'tool_result', tool_use_id: callId, content: someText(1_500), is_error: at % 7 === 0 };
  return { ...ids, role: 'user', parts: [result] };
}
