import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { connectLog, type LogConnection } from '@opensync/event-log';
import { onEachNatsServer, temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { authorization, KEY, metric, post, search } from './testing/client.ts';
import { Product, type StartedProduct } from './testing/product.ts';

/** A tool's output of this many characters, with a unique word at its end. */
function output(characters: number, word: string): string {
  const line = `${word}: the quick brown heron jumps over lazy egrets and terns; 0x${word.length.toString(16)} ok\n`;
  return line.repeat(Math.ceil(characters / line.length)).slice(0, characters - word.length - 1) + ` ${word}`;
}

onEachNatsServer(({ program, isOldest }) => {
  let temporary: TemporaryFolder;
  let product: Product;
  let running: StartedProduct;
  beforeEach(async () => {
    temporary = await temporaryFolder();
    product = new Product(join(temporary.path, 'data'), {
      NATS_SERVER_BIN: program(),
      OPENSYNC_BOOTSTRAP_KEY: KEY,
      OPENSYNC_PROJECTOR_ROLES: 'documents,search',
      OPENSYNC_INGEST_RATE_LIMIT: '0',
      OPENSYNC_READ_RATE_LIMIT: '0',
    });
    running = await product.start();
  });
  afterEach(async () => {
    await product.dispose();
    await temporary.remove();
  });

  async function store(sessionExternalId: string, externalId: string, textContent: string): Promise<void> {
    const message = { sessionExternalId, externalId, role: 'assistant', textContent };
    expect(await post(`${running.url}/sync/message`, message)).toBe(200);
  }
  async function log(): Promise<{ nc: LogConnection; manager: JetStreamManager }> {
    const { natsUrl, natsToken } = running.runtime;
    const nc = await connectLog({ servers: natsUrl, token: natsToken, name: 'test' });
    return { nc, manager: await jetstreamManager(nc) };
  }
  const page = (id: string, headers: Record<string, string> = authorization, cursor = '') =>
    fetch(`${running.url}/api/sessions/${id}?messageCursor=${encodeURIComponent(cursor)}`, {
      headers: { ...headers, 'accept-encoding': 'identity' },
    });
  /** The texts of all pages of a session, whose JSON must be whole; undefined if one is refused. */
  async function textsOf(id: string): Promise<string[] | undefined> {
    const texts: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const response: Response = await page(id, authorization, cursor);
      if (response.status !== 200) return undefined;
      const { messages, messageCursor } = (await response.json()) as {
        messages: { textContent: string }[];
        messageCursor: string | null;
      };
      texts.push(...messages.map(({ textContent }) => textContent));
      cursor = messageCursor;
    }
    return texts;
  }
  const charactersOf = async (id: string) => (await textsOf(id))?.reduce((sum, text) => sum + text.length, 0);
  /** Reads a page without parsing it: many at once would keep this process from reading the others. */
  async function bytesOf(response: Response): Promise<number> {
    let bytes = 0;
    for await (const chunk of response.body!) bytes += chunk.length;
    return bytes;
  }
  /** Waits until a session's pages have so many messages. */
  const shown = (id: string, messages: number) =>
    waitFor(async () => (await textsOf(id))?.length === messages, {
      timeoutMs: 60_000,
      intervalMs: 200,
      what: `${messages} messages of ${id}`,
    });

  it('30 reads in sequence of 40 contents of 270 KB', async () => {
    for (let n = 0; n < 40; n++) await store('s', `m${n}`, output(270_000, `word${n}`));
    await shown('s', 40);
    for (let reads = 0; reads < 30; reads++) expect(await charactersOf('s')).toBe(40 * 270_000);
    const { nc, manager } = await log();
    for (const { config, state } of await Array.fromAsync(manager.streams.list())) {
      // Those of the projections, a watch of the keys and one of the generations.
      expect([config.name, state.consumer_count <= 3]).toEqual([config.name, true]);
    }
    await nc.close();
  });

  it('/readyz, doctor and a metric name why large content cannot be read, until it can', async () => {
    await store('s', 'm', output(300_000, 'large'));
    await shown('s', 1);
    const { nc, manager } = await log();
    await manager.streams.update('PAYLOADS', { allow_direct: false });
    // What was read is in the cache: other content is not.
    await store('other', 'm', output(300_000, 'other'));
    await waitFor(async () => (await page('other')).status === 503);
    const problem = 'payload reads failing: PAYLOADS: nothing answers direct reads';
    const ready = async () => (await (await fetch(`${running.url}/readyz`)).json()) as Record<string, unknown>;
    expect(await ready()).toMatchObject({
      status: 'degraded',
      parts: { payloads: 'degraded' },
      details: { payloads: problem },
    });
    expect(await metric(running.url, 'opensync_payload_reads_total', 'outcome="unavailable"')).toBeGreaterThan(0);
    const sick = await product.run(['doctor']);
    expect([sick.code, sick.stdout]).toEqual([
      1,
      expect.stringMatching(/^✗ payloads +payloads cannot be read: .*\n +→ /m),
    ]);

    await manager.streams.update('PAYLOADS', { allow_direct: true });
    await shown('other', 1);
    expect(await ready()).toMatchObject({ status: 'ok', parts: { payloads: 'up' } });

    const names = Array.from({ length: 800 }, (_, n) => `reader-${n}`);
    for (const name of names) {
      const config = { name, ack_policy: AckPolicy.None, inactive_threshold: nanos(600_000), mem_storage: true };
      await manager.consumers.add('DLQ', config);
    }
    const crowded = 'streams run out of consumers: DLQ has 800 of at most 1000';
    await waitFor(async () => ((await ready()).details as { streams?: string } | undefined)?.streams === crowded);
    expect(await metric(running.url, 'opensync_stream_consumers', 'stream="DLQ"')).toBe(800);
    const full = await product.run(['doctor']);
    expect([full.code, full.stdout]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^✗ stream consumers +${crowded}$`, 'm')),
    ]);
    expect(full.stdout).toMatch(/^✓ payloads +2, .*; the newest can be read$/m);
    await nc.close();
  });

  // The rest is about the memory of this process and the speed of its indexer; the server is only read from, as above.
  if (isOldest) return;

  it('40 readers at once of 9 MB: some are served whole, the others are told when to come back, and nobody else is disturbed', async () => {
    const created = await product.run(['keys', 'create', '--user', 'bob@example.com', '--name', 'b', '--json']);
    const { key: bobs } = JSON.parse(created.stdout) as { key: string };
    const bob = { authorization: `Bearer ${bobs}` };
    for (const n of [1, 2]) await store('s', `m${n}`, output(9_000_000, `huge${n}`));
    await shown('s', 2);

    const whole = Buffer.byteLength(await (await page('s')).text());
    const readers = Array.from({ length: 40 }, async () => {
      const response = await page('s');
      if (response.status === 200) return { served: await bytesOf(response) };
      await response.text();
      return { status: response.status, retryAfter: Number(response.headers.get('retry-after')) };
    });
    let over = false;
    const reading = Promise.all(readers).finally(() => (over = true));
    // Meanwhile Bob writes, finds what he wrote, and reads.
    const waits: number[] = [];
    let n = 0;
    do {
      const startedAt = performance.now();
      const message = { sessionExternalId: 'bobs', externalId: `b${n}`, role: 'user', textContent: `bobword${n}` };
      expect(await post(`${running.url}/sync/message`, message, bob)).toBe(200);
      waits.push(performance.now() - startedAt);
      await waitFor(
        async () => {
          const found = await fetch(`${running.url}/api/search?q=bobword${n}`, { headers: bob });
          return ((await found.json()) as { results: unknown[] }).results.length === 1;
        },
        { timeoutMs: 15_000, what: `bobword${n}` },
      );
      expect((await page('bobs', bob)).status).toBe(200);
      n++;
    } while (!over);

    const outcomes = await reading;
    const served = outcomes.filter((outcome) => 'served' in outcome);
    expect(new Set(served.map(({ served: bytes }) => bytes))).toEqual(new Set([whole]));
    expect(served.length).toBeGreaterThanOrEqual(5);
    for (const outcome of outcomes)
      if ('status' in outcome) expect([outcome.status, outcome.retryAfter! > 0]).toEqual([503, true]);
    // Nine seconds were the stall; the machine may be busy.
    expect(waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)]).toBeLessThan(5_000);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    expect((await page('s')).status).toBe(200);
  });

  it('a client that reads nothing, or goes away, holds no memory', async () => {
    for (const n of [1, 2]) await store('s', `m${n}`, output(9_000_000, `huge${n}`));
    await shown('s', 2);
    const held = () => metric(running.url, 'opensync_session_pages_bytes');
    const stalled = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const url = `${running.url}/api/sessions/s`;
        const [response] = (await once(request(url, { headers: authorization, agent: false }).end(), 'response')) as [
          IncomingMessage,
        ];
        return response;
      }),
    );
    // Until the sockets are full.
    const read = async () => (await metric(running.url, 'opensync_payload_read_bytes_total'))!;
    let before = await read();
    await waitFor(async () => before === (before = await read()), { intervalMs: 1_000 });
    expect(await held()).toBeGreaterThan(0);
    // Nothing more is read for them than what is on its way.
    expect(await charactersOf('s')).toBe(18_000_000);
    expect((await read()) - before).toBeLessThan(30_000_000);
    for (const response of stalled) response.destroy();
    await waitFor(async () => (await held()) === 0);
  });

  it('a backfill is searchable soon after its last ack, and can be exported and rebuilt', async () => {
    // A tenth of the required amount, within a minute instead of two.
    const count = 150;
    const batch = (from: number) => ({
      messages: Array.from({ length: 10 }, (_, at) => ({
        sessionExternalId: `s${(from + at) % 5}`,
        externalId: `m${from + at}`,
        role: 'assistant',
        textContent: output(270_000, `needle${from + at}`),
      })),
    });
    for (let from = 0; from < count; from += 10) expect(await post(`${running.url}/sync/batch`, batch(from))).toBe(200);
    const found = async (word: string) => (await search(running.url, word)).results.length;
    await waitFor(async () => (await found(`needle${count - 1}`)) === 1 && (await found('needle0')) === 1, {
      timeoutMs: 60_000,
      intervalMs: 100,
    });
    const exported = await product.run(['export-log', join(temporary.path, 'history.jsonl.gz')]);
    expect([exported.code, exported.stdout]).toEqual([0, expect.stringContaining(`${count} payloads`)]);
    const rebuilt = await product.run(['rebuild', 'search']);
    expect([rebuilt.code, rebuilt.stderr]).toEqual([0, expect.anything()]);
    expect(await found(`needle${count - 1}`)).toBe(1);
  });
});
