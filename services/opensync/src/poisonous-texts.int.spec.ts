import { join } from 'node:path';
import {
  startFakeOpenAi,
  temporaryFolder,
  waitFor,
  type EmbeddingFailure,
  type FakeOpenAi,
  type TemporaryFolder,
} from '@opensync/testkit';
import { KEY, metric } from './testing/client.ts';
import { Product } from './testing/product.ts';

/** Ways in which an embedding API always fails on one text, and on no other. */
const FAILURES: Readonly<Record<string, EmbeddingFailure>> = {
  'status 400': { status: 400 },
  'status 500': { status: 500 },
  'status 503': { status: 503, headers: { 'retry-after': '0' } },
  disconnect: 'disconnect',
  'zero vector': { status: 200, body: { data: [{ index: 0, embedding: [0, 0, 0] }] } },
  'null vector': { status: 200, body: { data: [{ index: 0, embedding: null }] } },
};

interface Receipt {
  readonly embedded: boolean | null;
  readonly deadLetters: readonly { readonly consumer: string; readonly kind: string; readonly reason: string }[];
}

describe('a text that the embedding model always fails on', () => {
  let temporary: TemporaryFolder;
  let openAi: FakeOpenAi;
  let product: Product;
  let url: string;
  let other: string;
  beforeAll(async () => {
    temporary = await temporaryFolder();
    openAi = await startFakeOpenAi({ dimensions: 3 });
    openAi.failOn((texts) => {
      const name = Object.keys(FAILURES).find((name) => texts.some((text) => text.includes(`fails with ${name}`)));
      return name === undefined ? undefined : FAILURES[name];
    });
    product = new Product(join(temporary.path, 'data'), {
      OPENSYNC_BOOTSTRAP_KEY: KEY,
      OPENAI_BASE_URL: openAi.url,
      OPENSYNC_EMBEDDING_DIMENSIONS: '3',
    });
    ({ url } = await product.start());
    const created = await product.run(['keys', 'create', '--user', 'bob@example.com', '--name', 'laptop', '--json']);
    other = (JSON.parse(created.stdout) as { key: string }).key;
  });
  afterAll(async () => {
    await product.dispose();
    await openAi.close();
    await temporary.remove();
  });

  async function request<T>(
    key: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ body: T; sequence: string | null }> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(response.status).toBeLessThan(300);
    return { body: (await response.json()) as T, sequence: response.headers.get('osk-sequence') };
  }
  const write = async (key: string, externalId: string, textContent: string) =>
    (
      await request(key, 'POST', '/sync/message', {
        sessionExternalId: externalId,
        externalId: 'm',
        role: 'user',
        textContent,
      })
    ).sequence!;
  const receipt = async (key: string, sequence: string) =>
    (await request<Receipt>(key, 'GET', `/api/receipts/${sequence}`)).body;

  it.each(Object.keys(FAILURES))(
    "does not affect anybody else's vectors, and its receipt says so: %s",
    async (name) => {
      const bad = await write(KEY, `bad ${name}`, `This text fails with ${name}.`);
      const good = await write(KEY, `good ${name}`, `A neighbour of ${name}, of the same owner.`);
      const others = await write(other, `other ${name}`, `Another owner writes beside ${name}.`);
      const embedded = async (key: string, sequence: string) => (await receipt(key, sequence)).embedded;
      await waitFor(async () => (await embedded(other, others)) && (await embedded(KEY, good)), { timeoutMs: 30_000 });
      const dead = await waitFor(
        async () => {
          const found = await receipt(KEY, bad);
          return found.deadLetters.length > 0 && found;
        },
        { timeoutMs: 30_000 },
      );
      expect(dead).toMatchObject({
        embedded: false,
        searchable: true,
        deadLetters: [{ consumer: 'vectors', kind: 'not-embedded', reason: expect.any(String) }],
      });
      const words = await request<{ results: { externalId: string }[] }>(KEY, 'POST', '/search', {
        query: `"fails with ${name}"`,
      });
      expect(words.body.results.map(({ externalId }) => externalId)).toEqual([`bad ${name}`]);
    },
  );

  it('is counted, listed, and embedded by a replay when the model accepts it', async () => {
    const failures = Object.keys(FAILURES).length;
    expect(await metric(url, 'opensync_embed_refused_texts_total')).toBe(failures);
    // The text is that of a message, and the title of its session, which has no title of its own.
    const { stdout } = await product.run(['dlq', 'list', '--json']);
    const letters = JSON.parse(stdout) as { kind: string; documentId: string }[];
    const documents = new Set(letters.map(({ documentId }) => documentId));
    const about = (prefix: string) => [...documents].filter((id) => id.startsWith(prefix)).length;
    expect([about('msg_'), about('ses_'), documents.size]).toEqual([failures, failures, 2 * failures]);
    expect(new Set(letters.map(({ kind }) => kind))).toEqual(new Set(['not-embedded']));
    expect(await metric(url, 'opensync_dead_letters', 'consumer="vectors"')).toBe(letters.length);
    expect((await product.run(['dlq', 'list'])).stdout).toMatch(/ABOUT/);
    openAi.failOn(() => undefined);
    // The process that rejected a text does not request it again for some minutes.
    await product.dispose();
    ({ url } = await product.start());
    const replayed = await product.run(['dlq', 'replay', '--all', '--json']);
    expect(JSON.parse(replayed.stdout)).toEqual(letters.map(() => ({ id: expect.any(Number), kind: 'processed' })));
    await waitFor(async () => (await metric(url, 'opensync_dead_letters', 'consumer="vectors"')) === 0);
    const status = await product.run(['status']);
    expect(status.stdout).toMatch(/Dead letters +0/);
  });
});
