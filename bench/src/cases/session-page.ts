import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitFor } from '@opensync/testkit';
import { ms, percentile, type Figure } from '../figures.ts';
import { BENCH_KEY, someText } from '../load.ts';
import { startProduct } from '../processes/product.ts';

const MESSAGES = 10_000;
const BATCH = 100;
const ROUNDS = 60;
const SESSION = 'bench-long';
const headers = { authorization: `Bearer ${BENCH_KEY}` };

/** Opening a session of 10,000 messages: its outline and its first page, against a bare server with the same bytes. */
export async function sessionPageFigures(): Promise<Figure[]> {
  // Without the indexes, whose work on the new messages would be measured as well.
  const settings = { OPENSYNC_SYNC: 'interval', OPENSYNC_PROJECTOR_ROLES: 'documents', LOG_LEVEL: 'error' } as const;
  await using product = await startProduct({ settings });
  // A busy machine's log may ask for patience.
  for (let at = 0; at < MESSAGES; at += BATCH) {
    await waitFor(() => send(product.url, at), { timeoutMs: 120_000, what: 'the log to accept a batch' });
  }
  const outline = `${product.url}/api/sessions/${SESSION}/outline`;
  await waitFor(async () => (await counted(outline)) === MESSAGES, { timeoutMs: 300_000, what: 'all messages' });
  const page = `${product.url}/api/sessions/${SESSION}?preview=2000`;
  return [
    await figure('outline', outline),
    await figure('first page, whole', `${product.url}/api/sessions/${SESSION}`),
    await figure('first page, previews of 100 messages', `${page}&messageLimit=100`),
    await figure('100 messages around the middle', `${page}&messageLimit=100&around=m${MESSAGES / 2}`),
  ];
}

async function figure(name: string, url: string): Promise<Figure> {
  const body = await read(url);
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bare = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const product: number[] = [];
  const ceiling: number[] = [];
  // In turn, so that both see the same machine; the first ones warm up.
  for (let round = -5; round < ROUNDS; round++) {
    const start = performance.now();
    await read(url);
    const between = performance.now();
    await read(bare);
    if (round < 0) continue;
    product.push(between - start);
    ceiling.push(performance.now() - between);
  }
  server.close();
  const [value, best] = [percentile(product, 0.95), percentile(ceiling, 0.95)];
  const kilobytes = `${Math.round(body.length / 1024).toLocaleString('en-US')} KB`;
  return {
    name: `${MESSAGES.toLocaleString('en-US')} messages, ${name} (${kilobytes}), p95`,
    value: ms(value),
    ceiling: ms(best),
    ratio: value / best,
    aim: '≤ 150 ms',
  };
}

async function read(url: string): Promise<Buffer> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
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
  const ids = { sessionExternalId: SESSION, externalId: `m${at}`, createdAt: 1_767_225_600_000 + at * 1_000 };
  const callId = `call_${Math.floor(at / 3)}`;
  if (at % 3 === 0) return { ...ids, role: 'user', textContent: someText(200) };
  if (at % 3 === 1) {
    const call = { type: 'tool_use', id: callId, name: 'Bash', input: { command: someText(80) } };
    return { ...ids, role: 'assistant', completionTokens: 90, parts: [{ type: 'text', text: someText(600) }, call] };
  }
  const result = { type: 'tool_result', tool_use_id: callId, content: someText(1_500), is_error: at % 7 === 0 };
  return { ...ids, role: 'user', parts: [result] };
}
