import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import {
  BatchConsumer,
  connectLog,
  CONSUMER,
  EventPublisher,
  reconcileTopology,
  STREAM,
  type LogConnection,
} from '@opensync/event-log';
import {
  aMessageSynced,
  anOwner,
  aSessionSynced,
  describeWith,
  removeIndexesAndCollections,
  startTestNats,
  temporaryFolder,
  toxicProxy,
  waitFor,
  type TemporaryFolder,
  type Toxic,
} from '@opensync/testkit';
import { get, KEY, search } from '../testing/client.ts';
import { Product } from '../testing/product.ts';
import { sync } from '../testing/some-sessions.ts';

interface Letter {
  readonly id: number;
  readonly consumer: string;
  readonly attempts: number;
}

let temporary: TemporaryFolder;
let product: Product;
beforeEach(async () => {
  temporary = await temporaryFolder();
});
afterEach(async () => {
  await product?.dispose();
  await temporary.remove();
});

function letters(count: number): Promise<Letter[]> {
  return waitFor(
    async () => {
      const found = JSON.parse((await product.run(['dlq', 'list', '--json'])).stdout) as Letter[];
      return found.length === count && found;
    },
    { timeoutMs: 20_000, what: `${count} dead letters` },
  );
}

async function replay(...args: string[]): Promise<{ code: number | null; outcomes: unknown }> {
  const { code, stdout } = await product.run(['dlq', 'replay', '--json', ...args]);
  return { code, outcomes: JSON.parse(stdout) };
}

async function found(url: string, words: string): Promise<string[]> {
  return (await search(url, words)).results.map(({ externalId }) => externalId);
}

/** Adds dead letters of a session and a message, left in another log by a version that does not know their types. */
async function addLetters(to: LogConnection): Promise<void> {
  await using other = await startTestNats();
  const nc = await connectLog({ servers: other.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  const owner = anOwner('me@localhost');
  const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
  await publisher.publish([
    aSessionSynced({ externalId: 'late', title: 'Bitterns', promptTokens: 7 }, { owner }),
    aMessageSynced({ sessionExternalId: 'late', role: 'user', textContent: 'Where do bitterns nest?' }, { owner }),
  ]);
  const older = new BatchConsumer(nc, {
    consumer: CONSUMER.documents,
    handler: async (batch) => ({
      poison: batch.map((delivery) => ({ delivery, kind: 'malformed', reason: 'unknown event type' })),
    }),
  });
  const { streams } = await jetstreamManager(nc);
  await waitFor(async () => (await streams.info(STREAM.deadLetters)).state.messages === 2);
  for (const seq of [1, 2]) {
    const letter = (await streams.getMessage(STREAM.deadLetters, { seq }))!;
    const copy = headers();
    for (const name of letter.header.keys()) {
      if (!name.startsWith('Nats-')) copy.set(name, letter.header.get(name));
    }
    await jetstream(to).publish(letter.subject, letter.data, { headers: copy });
  }
  await older.stop();
  await publisher.close();
  await nc.close();
}

describe('replay of events that the documents rejected', () => {
  it('has the same result as processing them in time: in documents, search and counts', async () => {
    await using nats = await startTestNats();
    const nc = await connectLog({ servers: nats.url, name: 'test' });
    product = new Product(join(temporary.path, 'data'), { NATS_URL: nats.url, OPENSYNC_BOOTSTRAP_KEY: KEY });
    const { url } = await product.start();
    // At the sequences of the events that the documents rejected.
    for (const title of ['Terns', 'Egrets']) await sync(url, 'session', { externalId: 'other', title });
    await addLetters(nc);
    await nc.close();
    expect(await letters(2)).toMatchObject([
      { id: 1, consumer: 'documents', originalSequence: 1, attempts: 1 },
      { id: 2, consumer: 'documents', originalSequence: 2, attempts: 1 },
    ]);

    await sync(url, 'session', { externalId: 'late', title: 'Herons' });
    const page = () => get<Record<string, unknown>>(`${url}/api/sessions/late`);
    await waitFor(async () => (await page()).title === 'Herons');
    expect(await page()).toMatchObject({ promptTokens: 0, messageCount: 0, messages: [] });

    expect(await replay('--all')).toEqual({
      code: 0,
      outcomes: [
        { id: 1, kind: 'processed' },
        { id: 2, kind: 'processed' },
      ],
    });
    await letters(0);
    // The earlier title is older than the one that arrived meanwhile; nobody has set the other fields since.
    expect(await page()).toMatchObject({
      ...{ title: 'Herons', promptTokens: 7, messageCount: 1 },
      messages: [{ externalId: 'message-1', textContent: 'Where do bitterns nest?' }],
    });
    await waitFor(async () => (await found(url, 'bitterns nest')).includes('late'), { timeoutMs: 20_000 });
    expect(await get(`${url}/api/stats`)).toMatchObject({ sessionCount: 2, messageCount: 1, promptTokens: 7 });
    // Before the log's server stops, so that it need not wait for that.
    await product.dispose();
  });
});

await describeWith(['elasticsearch'], 'replay of what Elasticsearch refused', ({ elasticsearch }) => {
  it('fails with the attempt counted until the cause is fixed, and then deletes the letter', async () => {
    let refused: string | undefined = 'bitterns';
    const prefix = `test-${randomBytes(6).toString('hex')}`;
    const proxy = await toxicProxy(elasticsearch, (request, forward) => refusing(refused)(request, forward));
    try {
      product = new Product(join(temporary.path, 'data'), {
        OPENSYNC_BOOTSTRAP_KEY: KEY,
        ELASTICSEARCH_URL: proxy.url,
        OPENSYNC_STORE_PREFIX: prefix,
      });
      const { url } = await product.start();
      const message = { sessionExternalId: 'one', role: 'user' };
      // Otherwise the title would come from the rejected prompt, and be in every row of the session.
      await sync(url, 'session', { externalId: 'one', title: 'Birds' });
      await sync(url, 'message', { ...message, externalId: 'm1', textContent: 'Do bitterns boom?' });
      await sync(url, 'message', { ...message, externalId: 'm2', textContent: 'Where do herons nest?' });
      expect(await letters(1)).toMatchObject([{ id: 1, consumer: 'search', attempts: 1 }]);
      await waitFor(async () => (await found(url, 'herons')).includes('one'), { timeoutMs: 20_000 });
      expect(await found(url, 'bitterns')).toEqual([]);
      expect(await get(`${url}/api/sessions/one`)).toMatchObject({ messageCount: 2 });

      const reason = expect.stringContaining('failed to parse');
      const again = { id: 1, kind: 'failed', sequence: 2, attempts: 2, reason };
      expect(await replay('1')).toEqual({ code: 1, outcomes: [again] });
      expect(await letters(1)).toMatchObject([{ id: 2, consumer: 'search', attempts: 2 }]);

      refused = undefined;
      expect(await replay('--all', '--consumer', 'search')).toEqual({
        code: 0,
        outcomes: [{ id: 2, kind: 'processed' }],
      });
      await letters(0);
      expect(await found(url, 'bitterns')).toEqual(['one']);
      await product.dispose();
    } finally {
      await proxy.close();
      await removeIndexesAndCollections({ elasticsearch }, prefix);
    }
  });
});

/** Rejects rows with this word, like an index whose mapping cannot hold them. */
function refusing(word: string | undefined): Toxic {
  return async ({ path, body }, forward) => {
    if (word === undefined || !path.includes('_bulk')) return forward();
    const lines = body.trimEnd().split('\n');
    const rows = Array.from({ length: lines.length / 2 }, (_, at) => lines.slice(2 * at, 2 * at + 2));
    const isTaken = rows.map(([, row]) => !row!.includes(word));
    const taken = rows.filter((_, at) => isTaken[at]);
    const answer = taken.length > 0 ? await forward(`${taken.flat().join('\n')}\n`) : { status: 200, body: '{}' };
    const { items = [], ...rest } = JSON.parse(answer.body) as { items?: unknown[] };
    const error = { type: 'document_parsing_exception', reason: 'failed to parse' };
    const all = isTaken.map((was) => (was ? items.shift() : { index: { status: 400, error } }));
    return { ...answer, body: JSON.stringify({ took: 1, ...rest, errors: true, items: all }) };
  };
}
