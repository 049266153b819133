import { randomUUID } from 'node:crypto';
import { loadSettings, type Settings } from '@opensync/platform';
import { describeWith, removeIndexesAndCollections, temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { dropGeneration, openGeneration, type StoreName } from '../index.ts';
import type { StorePosition } from './port.ts';

const STORES: readonly StoreName[] = ['documents', 'search', 'vectors'];
const position: StorePosition = { sequence: 7, witness: { sequence: 7, id: 'an-event' } };

/** Opens a generation for as long as `work` takes. */
async function withGeneration<T>(
  settings: Settings,
  name: StoreName,
  generation: number,
  work: (store: Awaited<ReturnType<typeof openGeneration>>) => Promise<T>,
): Promise<T> {
  const store = await openGeneration(settings, name, generation);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function positionsGoWithGenerations(settings: () => Settings): void {
  it.each(STORES)('of %s stays with its generation across a restart, and is removed with it', async (name) => {
    const positionOf = (generation: number) =>
      withGeneration(settings(), name, generation, (store) => store.position());
    await withGeneration(settings(), name, 1, (store) => store.setPosition(position, undefined));
    expect(await positionOf(1)).toEqual(position);
    expect(await positionOf(2)).toBeUndefined();
    await dropGeneration(settings(), name, 1);
    expect(await positionOf(1)).toBeUndefined();
    for (const generation of [1, 2]) await dropGeneration(settings(), name, generation);
  });
}

describe('the position of an embedded store', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  positionsGoWithGenerations(() => loadSettings({ OPENSYNC_DATA_DIR: folder.path }));
});

await describeWith(['mongodb', 'elasticsearch', 'qdrant'], 'the position of a store on a server', (servers) => {
  const name = `test-${randomUUID()}`;
  const database = new URL(servers.mongodb);
  database.pathname = `/${name}`;
  afterEach(() => removeIndexesAndCollections(servers, name));
  positionsGoWithGenerations(() =>
    loadSettings({
      MONGODB_URL: database.href,
      ELASTICSEARCH_URL: servers.elasticsearch,
      QDRANT_URL: servers.qdrant,
      OPENSYNC_STORE_PREFIX: name,
    }),
  );
});
