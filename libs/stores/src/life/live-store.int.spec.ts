import { join } from 'node:path';
import { createLogger } from '@opensync/platform';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import type { StoreName } from '../description.ts';
import { documentsConformance } from '../documents/conformance/suite.ts';
import type { DocumentStore } from '../documents/port.ts';
import { openSqliteDocuments } from '../documents/sqlite/store.ts';
import { aMessage, aSession, ada, fresh } from '../documents/conformance/states.ts';
import { storeObserver } from '../observe.ts';
import { handleOf } from '../open-later.ts';
import { markedDocuments } from './marked-documents.ts';
import type { GenerationSource } from './source.ts';
import { LiveStore } from './live-store.ts';
import { LIVE_PORT } from './live-stores.ts';

/** A source that is switched by hand. */
class TestSource implements GenerationSource {
  current = true;
  readonly inUse: number[] = [];
  #live = 1;
  #listener: ((store: StoreName, generation: number) => void) | undefined;

  live(): number {
    return this.#live;
  }
  onSwitch(listener: (store: StoreName, generation: number) => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = undefined);
  }
  uses(_store: StoreName, generation: number): void {
    this.inUse.push(generation);
  }
  announce(generation: number): void {
    this.#live = generation;
    this.#listener?.('documents', generation);
  }
  async switchTo(generation: number): Promise<void> {
    this.announce(generation);
    await waitFor(() => this.inUse.at(-1) === generation);
  }
}

const logger = createLogger('silent', 'test');
const observe = storeObserver('documents', undefined);

async function openIn(
  folder: string,
  source: GenerationSource,
  opening: (generation: number) => Promise<void> = async () => undefined,
): Promise<DocumentStore> {
  const openNext = async (generation: number) => {
    await opening(generation);
    return markedDocuments(await openSqliteDocuments(join(folder, `${generation}.db`)), generation);
  };
  const live = await LiveStore.open<DocumentStore>({
    name: 'documents',
    open: async (generation) => handleOf(await openNext(generation)),
    openNext,
    source,
    logger,
    observe,
  });
  return LIVE_PORT.documents(live);
}

documentsConformance('SQLite behind a switch', async () => {
  const folder = await temporaryFolder();
  const store = await openIn(folder.path, new TestSource());
  return {
    store,
    dispose: async () => {
      await store.close();
      await folder.remove();
    },
  };
});

describe('a live store', () => {
  let folder: TemporaryFolder;
  let source: TestSource;
  let store: DocumentStore;
  beforeEach(async () => {
    folder = await temporaryFolder();
    source = new TestSource();
    store = await openIn(folder.path, source);
  });
  afterEach(async () => {
    await store.close();
    await folder.remove();
  });

  const session = aSession({ externalId: '1', title: 'a' });
  const titles = async () =>
    (await store.sessions(ada, { limit: 9, sort: 'createdAt', order: 'asc' })).map(({ fields }) => fields.title);
  const save = (sessions: Parameters<DocumentStore['save']>[0]['sessions']) =>
    store.save({ sessions, messages: [], parts: [] });

  it('reads and writes only the live generation', async () => {
    await save([fresh(session)]);
    await source.switchTo(2);
    expect(await titles()).toEqual([]);
    await save([fresh(aSession({ externalId: '1', title: 'b' }))]);
    expect(await titles()).toEqual(['b']);
    await source.switchTo(1);
    expect(await titles()).toEqual(['a']);
    expect(source.inUse).toEqual([1, 2, 1]);
  });

  it('makes documents loaded before the switch lose the race after it, whatever their revision', async () => {
    await save([fresh(session)]);
    const [loaded] = (await store.load(ada, { sessions: [session.id] })).sessions.values();
    await source.switchTo(2);
    await save([fresh(aSession({ externalId: '1', title: 'b' }))]);
    expect(await save([loaded!])).toEqual([session.id]);
    expect(await titles()).toEqual(['b']);
    const [reloaded] = (await store.load(ada, { sessions: [session.id] })).sessions.values();
    expect(await save([{ ...reloaded!, fields: { ...reloaded!.fields, title: 'c' } }])).toEqual([]);
    expect(await titles()).toEqual(['c']);
  });

  it('finishes operations in progress on the previous generation', async () => {
    const many = Array.from({ length: 300 }, (_, at) =>
      fresh(aMessage({ externalId: String(at), sessionExternalId: '1' })),
    );
    const saving = Promise.all(many.map((message) => store.save({ sessions: [], messages: [message], parts: [] })));
    await source.switchTo(2);
    expect((await saving).flat()).toEqual([]);
    expect((await store.stats(ada)).messages).toBe(0);
    await source.switchTo(1);
    expect((await store.stats(ada)).messages).toBe(300);
  });

  it('does not let a hanging read block the next switch or the close', async () => {
    const elsewhere = await temporaryFolder();
    const following = new TestSource();
    const hung: number[] = [];
    const openNext = async (generation: number) => {
      const opened = await openSqliteDocuments(join(elsewhere.path, `${generation}.db`));
      return { ...opened, stats: () => (hung.push(generation), new Promise<never>(() => undefined)) };
    };
    const live = await LiveStore.open<DocumentStore>({
      name: 'documents',
      open: async (generation) => handleOf(await openNext(generation)),
      openNext,
      source: following,
      logger,
      observe,
      retireLimitMs: 50,
    });
    const documents = LIVE_PORT.documents(live);
    void documents.stats(ada);
    await following.switchTo(2);
    void documents.stats(ada);
    await following.switchTo(3);
    expect(hung).toEqual([1, 2]);
    expect(await documents.save({ sessions: [fresh(session)], messages: [], parts: [] })).toEqual([]);
    void documents.stats(ada);
    await following.switchTo(1);
    await documents.close();
    await elsewhere.remove();
  });

  it('rejects writes and keeps reading while the live generation is unknown', async () => {
    await save([fresh(session)]);
    source.current = false;
    await expect(save([fresh(session)])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await titles()).toEqual(['a']);
    source.current = true;
    expect(await save([fresh(session)])).toEqual([session.id]);
  });

  it('rejects writes and keeps reading until the live generation is open', async () => {
    const elsewhere = await temporaryFolder();
    const away = Promise.withResolvers<void>();
    const following = new TestSource();
    let attempts = 0;
    const documents = await openIn(elsewhere.path, following, async (generation) => {
      if (generation === 1) return;
      attempts++;
      if (attempts === 1) throw new Error('disk on fire');
      await away.promise;
    });
    const write = () => documents.save({ sessions: [fresh(session)], messages: [], parts: [] });
    await write();
    following.announce(2);
    const refused = { code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining('generation 2 is live') };
    await expect(write()).rejects.toMatchObject(refused);
    await waitFor(() => attempts === 2);
    // Opening failed once, and is slow now.
    await expect(write()).rejects.toMatchObject({ ...refused, cause: new Error('disk on fire') });
    expect((await documents.stats(ada)).sessions).toBe(1);
    away.resolve();
    await waitFor(() => following.inUse.at(-1) === 2);
    expect((await documents.stats(ada)).sessions).toBe(0);
    expect(await write()).toEqual([]);
    await documents.close();
    await elsewhere.remove();
  });
});
