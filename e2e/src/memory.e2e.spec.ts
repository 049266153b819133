import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { evolveMessage, evolvePart, evolveSession, type StoredEvent } from '@opensync/contracts';
import { loadSettings } from '@opensync/platform';
import { dropGeneration, openGeneration, type Stores } from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionSynced,
  describeWith,
  removeIndexesAndCollections,
  startFakeOpenAi,
  temporaryFolder,
  waitFor,
  type FakeOpenAi,
} from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { LimitedServices } from './harness/limited-services.ts';
import { isAtRest } from './harness/status.ts';

const DIMENSIONS = 8;
const LIMIT_MS = 600_000;
const owner = anOwner('ada@example.com');

const PARTS = 16;
const PART_CHARACTERS = 250_000;
const MESSAGES_PER_SESSION = 10;
/** So many messages have words in all of their four megabytes, however many there are: indexing those takes most of the time. */
const WORDED = 10;
const SEARCHES_AT_ONCE = 8;

const WORDS = 'heron bittern reed marsh query projector cache invalidation replica consumer sequence snapshot'.split(
  ' ',
);

/** Words as a tool prints them, different in each part. */
function output(seed: number): string {
  const lines: string[] = [];
  let characters = 0;
  for (let at = seed; characters < PART_CHARACTERS; at++) {
    const line = `${at} ${WORDS[at % WORDS.length]} ${WORDS[(at * 7) % WORDS.length]}_${at % 911} took ${at % 83} ms`;
    lines.push(line);
    characters += line.length + 1;
  }
  return lines.join('\n');
}

/** Generated code: stored in full, but not indexed. */
function minified(seed: number): string {
  return `function f${seed}(){return[${`${seed},`.repeat(PART_CHARACTERS / (String(seed).length + 1))}0]}`;
}

const sessionOf = (n: number) => `session-${Math.floor(n / MESSAGES_PER_SESSION)}`;
const messageOf = (n: number) => ({ sessionExternalId: sessionOf(n), externalId: `m${n}` });

/** Messages of four megabytes each, as a projector stored them long ago. */
async function store(documents: Stores['documents'], count: number): Promise<void> {
  const stored = <Event extends object>(event: Event, sequence: number) =>
    ({ ...event, sequence }) as Event & StoredEvent;
  for (let n = 0; n < count; n++) {
    const event = aMessageSynced(
      {
        ...messageOf(n),
        role: 'assistant',
        textContent: `Message ${n} about herons`,
        partCount: PARTS,
        createdAt: 1e12 + n,
      },
      { owner },
    );
    const { sessionId, messageId } = event.data;
    const message = evolveMessage(undefined, stored(event, 1));
    const contentOf = n % (count / WORDED) === 0 ? output : minified;
    const parts = Array.from({ length: PARTS }, (_, order) => {
      const content = contentOf(n * 1_000 + order * 10);
      const part = aPartSynced({ sessionId, messageId, order, type: 'tool-result', content }, { owner });
      return evolvePart(undefined, stored(part, 2));
    });
    const session = evolveSession(undefined, stored(aSessionSynced({ externalId: sessionOf(n) }, { owner }), 1))!;
    const isFirst = n % MESSAGES_PER_SESSION === 0;
    await documents.save({
      sessions: isFirst ? [{ ...session, revision: 0 }] : [],
      messages: [{ ...message, revision: 0 }],
      parts,
    });
  }
}

interface Place {
  /** Where the stores are. */
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/** @param place makes a place for stores that holds nothing */
function holdsWith(count: number, place: () => Promise<Place>): void {
  describe(`with ${count} stored messages of 4 MB`, () => {
    let stores: Place;
    let model: FakeOpenAi;
    let services: LimitedServices;
    let api: Api;
    const messages = Array.from({ length: count }, (_, n) => n);
    const sessions = [...new Set(messages.map(sessionOf))];

    beforeAll(async () => {
      stores = await place();
      model = await startFakeOpenAi({ dimensions: DIMENSIONS });
      services = await LimitedServices.start({
        ...stores.env,
        OPENAI_API_KEY: 'sk-test',
        OPENAI_BASE_URL: model.url,
        OPENSYNC_EMBEDDING_DIMENSIONS: String(DIMENSIONS),
      });
      api = await services.api('ada@example.com', owner.userId);
      const documents = await openGeneration(loadSettings(stores.env), 'documents', 1);
      try {
        await store(documents, count);
      } finally {
        // Its connections and threads would keep the run from ending.
        await documents.close();
      }
      // Later than what is stored.
      for (let n = 0; n < 3; n++) await api.syncSession({ externalId: 'another' });
    }, LIMIT_MS);
    afterAll(async () => {
      await services?.stop();
      await model?.close();
      await stores?.remove();
    });

    const settled = () =>
      waitFor(async () => isAtRest(await services.status()), {
        timeoutMs: LIMIT_MS,
        what: 'the services to be at rest',
      });

    async function expectWithinLimits(): Promise<void> {
      const peaks = await services.peaks();
      expect(Object.entries(peaks).filter(([, share]) => !(share < 1))).toEqual([]);
    }

    it(
      'updates all of them at once, and adds them to the indexes that lack them',
      async () => {
        await api.syncBatch({ messages: messages.map((n) => ({ ...messageOf(n), promptTokens: 7 })) });
        await settled();
        const updated = (await api.sessions()).filter(({ externalId }) => sessions.includes(externalId));
        expect(updated.map(({ promptTokens }) => promptTokens)).toEqual(sessions.map(() => 7 * MESSAGES_PER_SESSION));
        await expectWithinLimits();
      },
      LIMIT_MS,
    );

    it(
      'writes all of them to the indexes again when their sessions get titles',
      async () => {
        await api.syncBatch({
          sessions: sessions.map((externalId) => ({ externalId, title: `Titled ${externalId}` })),
        });
        await settled();
        await expectWithinLimits();
      },
      LIMIT_MS,
    );

    it.each(['fulltext', 'semantic', 'hybrid'] as const)(
      'answers %s searches, several at once',
      async (type) => {
        // One that does not get its turn within two seconds is refused, and its client asks again: on a busy machine, several are.
        const search = () =>
          waitFor(() => api.search('herons titled', type), { timeoutMs: 60_000, intervalMs: 500, what: 'an answer' });
        // The first one opens what the others use.
        await search();
        const answers = await Promise.all(Array.from({ length: SEARCHES_AT_ONCE }, search));
        for (const { results, degraded } of answers) {
          expect(degraded).toBeUndefined();
          expect(results.length).toBe(Math.min(20, sessions.length));
        }
        await expectWithinLimits();
      },
      LIMIT_MS,
    );

    it(
      'returns sessions, several at once',
      async () => {
        const pages = await Promise.all(Array.from({ length: 4 }, (_, n) => api.request(`/api/sessions/session-${n}`)));
        expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 200));
        await expectWithinLimits();
      },
      LIMIT_MS,
    );
  });
}

// Minutes: 2 GB are stored, read and indexed.
const unless = process.env.TEST_LONG ? '' : ' (not run: needs TEST_LONG=1)';

(unless ? describe.skip : describe)(`services on embedded stores, in the memory of the Compose file${unless}`, () => {
  const embedded = async () => {
    const folder = await temporaryFolder();
    return { env: { OPENSYNC_DATA_DIR: join(folder.path, 'data') }, remove: () => folder.remove() };
  };
  holdsWith(500, embedded);
});

await describeWith(
  ['mongodb', 'elasticsearch', 'qdrant'],
  'services on MongoDB, Elasticsearch and Qdrant, in the memory that compose gives them',
  (urls) => {
    holdsWith(60, async () => {
      const name = `e2e-${randomUUID()}`;
      const database = new URL(urls.mongodb);
      database.pathname = `/${name}`;
      const env = {
        MONGODB_URL: database.href,
        ELASTICSEARCH_URL: urls.elasticsearch,
        QDRANT_URL: urls.qdrant,
        OPENSYNC_STORE_PREFIX: name,
        OPENSYNC_DATA_DIR: '/dev/null/data',
      };
      return {
        env,
        remove: async () => {
          await dropGeneration(loadSettings(env), 'documents', 1);
          await removeIndexesAndCollections(urls, name);
        },
      };
    });
  },
);
