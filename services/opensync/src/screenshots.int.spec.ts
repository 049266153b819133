import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  memoryLimit,
  ServiceProcess,
  startTestNats,
  temporaryFolder,
  waitFor,
  type MemoryLimit,
  type TemporaryFolder,
  type TestNats,
} from '@opensync/testkit';
import { authorization, get, KEY, metric, search } from './testing/client.ts';
import { mainOf, SERVICES, type ServiceName } from './testing/services.ts';

const SCREENSHOTS = 100;
const SCREENSHOT_BYTES = 1024 * 1024;
const AT_ONCE = 4;
const LIMIT_MS = 240_000;
const MEBIBYTE = 1024 * 1024;
/**
 * The texts of a message that may be embedded: its sentence; text next to the picture in a tool's result has no
 * vector.
 */
const TEXTS_PER_MESSAGE = 1;
/** The session's title, and what this test searches for. */
const OTHER_TEXTS = 10;
/** A page of links is small however large the pictures are. */
const PAGE_BYTES = 512 * 1024;

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
/** A word that no other message has: the number in letters. */
const wordOf = (n: number) => `shot${[...String(n)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')}`;
const sentenceOf = (n: number) => `What is wrong in the ${wordOf(n)} dialog of this screenshot?`;

interface Shot {
  readonly bytes: Buffer;
  readonly base64: string;
  readonly message: object;
}

/** Message number n of a transcript, in the three ways in which a picture is sent. */
function shotOf(n: number): Shot {
  const bytes = Buffer.concat([PNG, randomBytes(SCREENSHOT_BYTES - PNG.length)]);
  const base64 = bytes.toString('base64');
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } };
  const ids = { sessionExternalId: 'transcript', externalId: `m${n}`, createdAt: 1_764_000_000_000 + n };
  const text = sentenceOf(n);
  const ways = [
    { ...ids, role: 'user', textContent: text, parts: [{ type: 'text', text }, image] },
    {
      ...ids,
      role: 'assistant',
      textContent: text,
      parts: [{ type: 'tool-result', content: [{ type: 'text', text: 'screenshot taken' }, image] }],
    },
    { ...ids, role: 'user', textContent: `${text} ![](data:image/png;base64,${base64})` },
  ];
  return { bytes, base64, message: ways[n % ways.length]! };
}

/** The memory limit of a service in the Compose file, bytes. */
async function limitOf(name: ServiceName): Promise<number> {
  const compose = await readFile(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
  const [, size, unit] = new RegExp(`^  ${name}:\\n(?:(?!^  \\w)[^])*?memory: (\\d+)([mg])`, 'm').exec(compose)!;
  return Number(size) * (unit === 'g' ? 1024 : 1) * MEBIBYTE;
}

/** Does the work of all items, a few at a time. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(work));
}

interface Page {
  readonly messages: readonly {
    readonly externalId: string;
    readonly textContent: string | null;
    readonly media?: readonly { readonly url: string; readonly sha256: string }[];
    readonly parts: readonly { readonly media?: readonly { readonly url: string; readonly sha256: string }[] }[];
  }[];
  readonly messageCursor: string | null;
}

describe('a transcript with a hundred screenshots of 1 MB', () => {
  let nats: TestNats;
  let folder: TemporaryFolder;
  const services = new Map<ServiceName, ServiceProcess>();
  const limits: MemoryLimit[] = [];
  const urls = {} as Record<ServiceName, string>;
  const sequences: string[] = [];
  /** Of each screenshot, by message. */
  const hashes = new Map<string, string>();

  beforeAll(async () => {
    nats = await startTestNats();
    folder = await temporaryFolder();
    for (const name of SERVICES) {
      const limit = await memoryLimit(await limitOf(name));
      limits.push(limit);
      const env = { NATS_URL: nats.url, OPENSYNC_DATA_DIR: folder.path, OPENSYNC_BOOTSTRAP_KEY: KEY };
      services.set(name, new ServiceProcess(mainOf(name), env, limit));
    }
    for (const [name, service] of services) urls[name] = await service.url();
    await eachOf(
      Array.from({ length: SCREENSHOTS }, (_, n) => n),
      async (n) => {
        const { bytes, message } = shotOf(n);
        hashes.set(`m${n}`, createHash('sha256').update(bytes).digest('hex'));
        const response = await fetch(`${urls.ingest}/sync/message`, {
          method: 'POST',
          headers: { ...authorization, 'content-type': 'application/json' },
          body: JSON.stringify(message),
        });
        expect(await response.json()).toMatchObject({ ok: true });
        sequences.push(response.headers.get('osk-sequence')!);
      },
    );
  }, LIMIT_MS);
  afterAll(async () => {
    await Promise.all([...services.values()].map((service) => service[Symbol.asyncDispose]()));
    await Promise.all(limits.map((limit) => limit[Symbol.asyncDispose]()));
    await nats?.stop();
    await folder?.remove();
  });

  const whole = (query = '') => get<Page>(`${urls.query}/api/sessions/transcript${query}`);

  it(
    'is found by its sentences, and costs the embedding model no more than those',
    async () => {
      for (const sequence of sequences) {
        await waitFor(
          async () => (await get<{ embedded: boolean }>(`${urls.query}/api/receipts/${sequence}`)).embedded,
          { timeoutMs: LIMIT_MS, what: 'the vectors of a message' },
        );
      }
      // Less than a minute of the local model, which takes 15 to 150 ms for each.
      const texts = await metric(urls.embedder, 'opensync_embed_texts_total');
      expect(texts).toBeGreaterThanOrEqual(SCREENSHOTS);
      expect(texts).toBeLessThanOrEqual(SCREENSHOTS * TEXTS_PER_MESSAGE + OTHER_TEXTS);
      for (const n of [0, 1, 2, 50, 99]) {
        const { results } = await search(urls.query, wordOf(n));
        expect(results.map(({ externalId }) => externalId)).toEqual(['transcript']);
      }
      const { results } = await search(urls.query, 'a dialog in a picture looks broken', 'semantic');
      expect(results[0]).toMatchObject({ externalId: 'transcript' });
      for (const word of ['sql', 'jwt', 'aws', 'css', 'png', 'iVBORw0KGgo']) {
        expect((await search(urls.query, `"${word}"`)).results).toEqual([]);
      }
    },
    LIMIT_MS,
  );

  it(
    'is returned a page at a time with links, and each picture unchanged',
    async () => {
      const seen = new Map<string, string>();
      let cursor: string | null = '';
      while (cursor !== null) {
        const query = `?media=link&messageLimit=20${cursor === '' ? '' : `&messageCursor=${encodeURIComponent(cursor)}`}`;
        const page: Page = await whole(query);
        expect(JSON.stringify(page).length).toBeLessThan(PAGE_BYTES);
        for (const { externalId, media = [], parts } of page.messages) {
          const all = [...media, ...parts.flatMap((part) => part.media ?? [])];
          expect(all.map(({ sha256 }) => sha256)).toEqual([hashes.get(externalId)]);
          seen.set(externalId, all[0]!.url);
        }
        cursor = page.messageCursor;
      }
      expect(seen.size).toBe(SCREENSHOTS);
      await eachOf([...seen], async ([externalId, url]) => {
        const response = await fetch(new URL(url, urls.query), { headers: authorization });
        expect(response.headers.get('content-type')).toBe('image/png');
        const bytes = Buffer.from(await response.arrayBuffer());
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(hashes.get(externalId));
      });
      const inline = await whole('?media=inline&messageLimit=3');
      for (const { externalId } of inline.messages) {
        const [data] = /iVBORw0KGgo[\w+/]{1000,}={0,2}/.exec(
          JSON.stringify(inline.messages.find((each) => each.externalId === externalId)),
        )!;
        expect(createHash('sha256').update(Buffer.from(data, 'base64')).digest('hex')).toBe(hashes.get(externalId));
      }
    },
    LIMIT_MS,
  );

  it('crashes no service, each in the memory of the Compose file', () => {
    for (const [name, { isRunning, log }] of services)
      expect({ name, isRunning, log }).toMatchObject({ name, isRunning: true });
  });
});
