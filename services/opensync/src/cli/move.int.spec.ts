import { join } from 'node:path';
import {
  describeWith,
  ServiceProcess,
  startTestNats,
  temporaryFolder,
  waitFor,
  type TemporaryFolder,
  type TestNats,
} from '@opensync/testkit';
import { KEY, search } from '../testing/client.ts';
import { ownStores, type OwnStores } from '../testing/own-stores.ts';
import { Product } from '../testing/product.ts';
import { mainOf, SERVICES } from '../testing/services.ts';
import { sessionsOf, sync, syncSome } from '../testing/some-sessions.ts';

await describeWith(
  ['mongodb', 'elasticsearch', 'qdrant'],
  'moving an embedded installation to services on MongoDB, Elasticsearch and Qdrant',
  (servers) => {
    let temporary: TemporaryFolder;
    let embedded: Product;
    let nats: TestNats;
    let stores: OwnStores;
    let env: NodeJS.ProcessEnv;
    let running: ServiceProcess[];
    beforeEach(async () => {
      temporary = await temporaryFolder();
      embedded = new Product(join(temporary.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
      nats = await startTestNats();
      running = [];
      stores = ownStores(servers);
      env = {
        NATS_URL: nats.url,
        ...stores.env,
      };
    });
    afterEach(async () => {
      await Promise.all(running.map((service) => service[Symbol.asyncDispose]()));
      await nats.stop();
      await embedded.dispose();
      await stores.remove();
      await temporary.remove();
    });

    /** Sessions in the order in which they are found, once the first one is correct. */
    function found(url: string, query: string, type: string, first: string): Promise<string[]> {
      return waitFor(
        async () => {
          const { results, degraded } = await search(url, query, type);
          return !degraded && results[0]?.externalId === first && results.map(({ externalId }) => externalId);
        },
        { timeoutMs: 30_000, what: `${type} search for “${query}”` },
      );
    }

    it('keeps every document and key, and search results by full text and by meaning', async () => {
      const { url, child, finished } = await embedded.start();
      await syncSome(url);
      const cookie = 'The cookie expires before the user has signed in';
      await sync(url, 'message', { sessionExternalId: 'four', externalId: 'm', role: 'user', textContent: cookie });
      const before = await sessionsOf(url, 5);
      const words = await found(url, 'words of three', 'fulltext', 'three');
      await found(url, 'when does the cookie of a user expire', 'semantic', 'four');
      const file = join(temporary.path, 'history.jsonl.gz');
      expect(await embedded.run(['export-log', file])).toMatchObject({ code: 0 });
      child.kill('SIGTERM');
      await finished;

      const imported = await embedded.run(['import-log', file], env);
      expect(imported).toMatchObject({ code: 0, stdout: expect.stringMatching(/1 payload, 1 API key/) });
      running = SERVICES.map((name) => new ServiceProcess(mainOf(name), env));
      const urls = await Promise.all(running.map((service) => service.url()));
      const [ingest, query] = [urls[SERVICES.indexOf('ingest')]!, urls[SERVICES.indexOf('query')]!];
      expect(await sessionsOf(query, 5)).toEqual(before);
      expect(await found(query, 'words of three', 'fulltext', 'three')).toEqual(words);
      await found(query, 'when does the cookie of a user expire', 'semantic', 'four');

      // A plugin continues with its key where it was.
      await sync(ingest, 'message', { sessionExternalId: 'four', externalId: 'm', role: 'user', textContent: 'Moved' });
      await found(query, 'moved', 'fulltext', 'four');
      expect(await sessionsOf(query, 5)).toHaveLength(before.length);
    });
  },
);
