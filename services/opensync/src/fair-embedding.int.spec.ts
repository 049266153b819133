import { join } from 'node:path';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { KEY, metric } from './testing/client.ts';
import { Product } from './testing/product.ts';

const LONG_MESSAGES = 60;
const SESSIONS = 6;
/** Each is some 130 chunks: all of them keep the local model busy for minutes. */
const CHARACTERS = 60_000;
const LIMIT_MS = 180_000;
/** The time limit for a sentence on a busy machine. Behind the backlog it takes minutes. */
const PATIENCE_MS = 60_000;

const WORDS =
  'heron bittern reed marsh query projector cache invalidation replica consumer sequence snapshot ledger'.split(' ');

function longText(n: number): string {
  const lines: string[] = [];
  for (let at = 0, characters = 0; characters < CHARACTERS; at++) {
    const [first, second] = [WORDS[(n + at) % WORDS.length], WORDS[(at * 7) % WORDS.length]];
    lines.push(`Paragraph ${n}.${at} is about the ${first} and the ${second}, and took ${at % 83} steps to explain.`);
    characters += lines.at(-1)!.length + 1;
  }
  return lines.join('\n');
}

describe('a sentence, while somebody imports long messages', () => {
  let folder: TemporaryFolder;
  let product: Product;
  let url: string;
  let other: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    product = new Product(join(folder.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
    ({ url } = await product.start());
    const created = await product.run(['keys', 'create', '--user', 'bob@example.com', '--name', 'laptop', '--json']);
    other = (JSON.parse(created.stdout) as { key: string }).key;
    // The model is loaded by then.
    await embedded(other, await say(other, 'before', 'Herons nest in the reeds.'));
    let sequence = '';
    for (let at = 0; at < LONG_MESSAGES; at += 10) {
      const messages = Array.from({ length: 10 }, (_, n) => ({
        sessionExternalId: `import-${(at + n) % SESSIONS}`,
        externalId: `m${at + n}`,
        role: 'user',
        textContent: longText(at + n),
      }));
      sequence = await write(KEY, '/sync/batch', { sessions: [], messages });
    }
    await waitFor(async () => (await receipt(KEY, sequence)).documents, { timeoutMs: PATIENCE_MS });
  }, LIMIT_MS);
  afterAll(async () => {
    await product.dispose();
    await folder.remove();
  });

  async function request<T>(key: string, path: string, body?: object): Promise<{ body: T; sequence: string }> {
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
    return { body: (await response.json()) as T, sequence: response.headers.get('osk-sequence') ?? '' };
  }
  const write = async (key: string, path: string, body: object) => (await request(key, path, body)).sequence;
  const say = (key: string, session: string, textContent: string) =>
    write(key, '/sync/message', { sessionExternalId: session, externalId: 'm', role: 'user', textContent });
  const receipt = async (key: string, sequence: string) =>
    (await request<{ documents: boolean; embedded: boolean }>(key, `/api/receipts/${sequence}`)).body;
  const embedded = (key: string, sequence: string) =>
    waitFor(async () => (await receipt(key, sequence)).embedded, {
      timeoutMs: PATIENCE_MS,
      what: 'a sentence to be embedded',
    });
  const found = async (key: string, query: string) => {
    const { body } = await request<{ results: { externalId: string }[] }>(key, '/search', { query, type: 'semantic' });
    return body.results.map(({ externalId }) => externalId);
  };
  /** Whether the import is far from done, so that the found message was not behind it. */
  const expectBacklog = async () =>
    expect(await metric(url, 'opensync_embed_texts_total')).toBeLessThan((LONG_MESSAGES * 128) / 2);

  it(
    'of another owner is soon found by its meaning',
    async () => {
      await embedded(other, await say(other, 'now', 'Where do the flamingos sleep at night?'));
      expect((await found(other, 'flamingo sleeping places'))[0]).toBe('now');
      await expectBacklog();
    },
    LIMIT_MS,
  );

  it(
    'of another session of the same owner is soon found by its meaning',
    async () => {
      await embedded(KEY, await say(KEY, 'live', 'Where do the flamingos sleep at night?'));
      expect((await found(KEY, 'flamingo sleeping places'))[0]).toBe('live');
      await expectBacklog();
    },
    LIMIT_MS,
  );

  it(
    'lets the import continue where it was after a restart',
    async () => {
      const before = (await metric(url, 'opensync_embed_texts_total'))!;
      expect(before).toBeGreaterThan(0);
      await product.dispose();
      ({ url } = await product.start());
      await embedded(other, await say(other, 'later', 'The marsh is quiet in winter.'));
      await waitFor(async () => (await metric(url, 'opensync_embed_texts_total'))! > 20, { timeoutMs: PATIENCE_MS });
      expect((await found(KEY, 'flamingo sleeping places'))[0]).toBe('live');
    },
    LIMIT_MS,
  );
});
