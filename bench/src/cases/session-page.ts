import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ms, percentile, type Figure } from '../figures.ts';
import { LONG_SESSION, MESSAGES, writeLongSession } from '../long-session.ts';
import { BENCH_KEY } from '../load.ts';
import { startProduct } from '../processes/product.ts';

const ROUNDS = 60;
const headers = { authorization: `Bearer ${BENCH_KEY}` };

/** Opening a session of 10,000 messages: its outline and its first page, against a bare server with the same bytes. */
export async function sessionPageFigures(): Promise<Figure[]> {
  // Without the indexes, whose work on the new messages would be measured as well.
  const settings = { OPENSYNC_SYNC: 'interval', OPENSYNC_PROJECTOR_ROLES: 'documents', LOG_LEVEL: 'error' } as const;
  await using product = await startProduct({ settings });
  await writeLongSession(product);
  const outline = `${product.url}/api/sessions/${LONG_SESSION}/outline`;
  const page = `${product.url}/api/sessions/${LONG_SESSION}?preview=2000`;
  return [
    await figure('outline', outline),
    await figure('first page, whole', `${product.url}/api/sessions/${LONG_SESSION}`),
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
