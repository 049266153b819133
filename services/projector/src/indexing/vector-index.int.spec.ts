import { join } from 'node:path';
import { changeSubject, type DocumentChanges, type NewEvent, type Owner } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import {
  chunkText,
  MOST_CHUNKS,
  openSqliteDocuments,
  openSqliteVectors,
  type DocumentStore,
  type VectorStore,
} from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aSessionSynced,
  temporaryFolder,
  waitFor,
  type TemporaryFolder,
} from '@opensync/testkit';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { delivery, raw, noHistory } from '../testing/deliveries.ts';
import { indexChanges } from './changed-documents.ts';
import { PROBE } from './text-embedding.ts';
import { vectorIndex, type VectorIndexResources } from './vector-index.ts';

const owner = anOwner();
const TEXTS_PER_CALL = 64;
const payloads = { text: () => Promise.reject(new Error('nothing is in the payload store')) };

/** As many chunks, each of its own words. */
const paragraphs = (count: number, name = 'Paragraph') =>
  Array.from({ length: count }, (_, at) => `${name} ${at} ${`says ${at} `.repeat(40)}.`).join('\n\n');
/** Messages of 100 chunks each. */
const LONG: readonly string[] = Array.from({ length: 7 }, (_, at) => paragraphs(100, `Message ${at}, paragraph`));
const CHUNKS = new Set(LONG.flatMap(chunkText));

describe('vectorIndex', () => {
  let folder: TemporaryFolder;
  let documents: DocumentStore;
  let vectors: VectorStore;
  let changes: { owner: Owner; changes: DocumentChanges }[];
  /** Texts of each answered call. */
  let answered: (readonly string[])[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
    vectors = await openSqliteVectors({ folder: join(folder.path, 'vectors'), model: 'fake', dimensions: 2 });
    changes = [];
    answered = [];
  });
  afterEach(async () => {
    await documents.close();
    await vectors.close();
    await folder.remove();
  });

  const message = (externalId: string, textContent: string, of = owner) =>
    aMessageSynced({ externalId, textContent }, { owner: of });
  const idOf = (externalId: string) => message(externalId, '').data.messageId;

  async function store(...events: NewEvent[]) {
    const publishChanges = async (of: Owner, changed: DocumentChanges) =>
      void changes.push({ owner: of, changes: changed });
    await new DocumentsProjection({ history: noHistory, documents, publishChanges }).apply(
      events.map((event, at) => delivery(event, at + 1)),
    );
  }

  const embed = async (texts: readonly string[]) => {
    answered.push(texts);
    return texts.map(() => Float32Array.of(0.6, 0.8));
  };

  const batch = () =>
    changes.map((change, at) => raw(changeSubject(change.owner), at + 1, JSON.stringify(change.changes)));
  const indexOf = (resources: Partial<VectorIndexResources> = {}) =>
    vectorIndex({ vectors, payloads, embed, ...resources });
  const storedOf = async (externalId: string) =>
    (await vectors.indexed(owner, [idOf(externalId)])).get(idOf(externalId));
  const storedChunks = async (externalId: string) => (await storedOf(externalId))?.hashes.length ?? 0;

  const longMessages = (of = owner) => LONG.map((text, at) => message(`long ${at}`, text, of));
  const storedLong = async () =>
    (await Promise.all(LONG.map((_, at) => storedChunks(`long ${at}`)))).reduce((sum, count) => sum + count, 0);

  it('requests at most 64 texts at a time, one call after the other, for several owners', async () => {
    const other = anOwner('grace@example.com');
    await store(...longMessages(), ...longMessages(other));
    let open = 0;
    let most = 0;
    const counting = async (texts: readonly string[]) => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return embed(texts);
    };
    await indexChanges(batch(), documents, indexOf({ embed: counting }));
    expect(most).toBe(1);
    expect(Math.max(...answered.map(({ length }) => length))).toBe(TEXTS_PER_CALL);
    expect(await storedLong()).toBe(CHUNKS.size);
    expect(CHUNKS.size).toBe(700);
  });

  it('embeds the beginning and the end of a very long text, and reports the number of omitted passages', async () => {
    const text = paragraphs(1000);
    const all = chunkText(text);
    await store(message('log', text), message('short', 'a sentence'));
    await indexChanges(batch(), documents, indexOf());
    expect(answered.flat().toSorted()).toEqual([...all.slice(0, 96), ...all.slice(-32), 'a sentence'].toSorted());
    expect(await storedOf('log')).toMatchObject({ omitted: all.length - MOST_CHUNKS });
    expect((await storedOf('log'))!.version).toBeGreaterThan(0);
    expect(await storedOf('short')).toMatchObject({ omitted: 0 });
  });

  it('embeds passages under the title of their session, and no passage again for another title', async () => {
    const session = (externalId: string, title: string) => aSessionSynced({ externalId, title }, { owner });
    const text = `It works now, ${'and it has worked each time since then, '.repeat(3)}so this is done`;
    const said = (sessionExternalId: string, externalId: string) =>
      aMessageSynced({ sessionExternalId, externalId, textContent: text }, { owner });
    await store(session('a', 'Flaky tests'), session('b', 'Slow queries'), said('a', 'm1'), said('b', 'm1'));
    await indexChanges(batch(), documents, indexOf());
    const withoutHeadings = answered.splice(0).flat();
    expect(withoutHeadings.filter((one) => one.includes(text))).toEqual([text]);

    // As after an update: the rows are written again, and their vectors were made without headings.
    await store(session('a', 'Flaky tests'), session('b', 'Slow queries'), said('a', 'm2'), said('b', 'm2'));
    await indexChanges(batch(), documents, indexOf({ headings: () => true }));
    const embedded = answered.splice(0).flat();
    const under = ['Flaky tests', 'Slow queries'].map((title) => `${title}\n${text}`);
    expect(embedded.filter((one) => one.includes(text)).toSorted()).toEqual(under);

    await store(session('a', 'Why tests are flaky'));
    await indexChanges(batch(), documents, indexOf({ headings: () => true }));
    expect(answered.flat().filter((one) => one.includes(text))).toEqual([]);
  });

  it('finishes long texts although the embedder repeatedly answers a few calls and then fails for a while', async () => {
    await store(...longMessages());
    let calls = 0;
    const index = indexOf({
      embed: async (texts) => {
        if (calls++ % 5 >= 2) throw new AppError('UNAVAILABLE', 'no embedder answers');
        return embed(texts);
      },
    });
    const attempt = () =>
      indexChanges(batch(), documents, index).then(
        () => true,
        () => false,
      );
    let attempts = 1;
    while (!(await attempt())) attempts++;
    expect(await storedLong()).toBe(CHUNKS.size);
    // No text twice: vectors from before a failure were kept.
    expect(
      answered
        .flat()
        .filter((text) => text !== PROBE)
        .toSorted(),
    ).toEqual([...CHUNKS].toSorted());
    expect(attempts).toBeGreaterThan(2);
  });

  it('writes long texts in steps, so that a restart does not lose them', async () => {
    await store(...longMessages());
    const stuck = Promise.withResolvers<never>();
    const writing = indexChanges(
      batch(),
      documents,
      indexOf({ embed: async (texts) => (answered.length < 6 ? embed(texts) : stuck.promise) }),
    );
    await waitFor(async () => (await storedChunks('long 0')) === 100);
    stuck.reject(new AppError('UNAVAILABLE', 'killed'));
    await expect(writing).rejects.toThrow('killed');
    const embedded = answered.flat().filter((text) => text !== PROBE);
    expect(await storedLong()).toBe(embedded.length);
    // A partly stored message does not count as embedded, according to its version.
    const half = LONG.findIndex((_, at) => at > 0 && chunkText(LONG[at]!).some((chunk) => !embedded.includes(chunk)));
    expect((await storedOf(`long ${half}`))?.version ?? 0).toBe(0);
    expect((await storedOf('long 0'))!.version).toBeGreaterThan(0);
    await indexChanges(batch(), documents, indexOf());
    expect(await storedLong()).toBe(CHUNKS.size);
    expect((await storedOf(`long ${half}`))!.version).toBeGreaterThan(0);
  });

  it('keeps the chunks that a changed text shares with the stored one, at any position', async () => {
    const text = paragraphs(50);
    const chunks = new Set(chunkText(text));
    await store(message('long', text));
    await indexChanges(batch(), documents, indexOf());
    answered = [];
    changes = [];
    const changed = `${paragraphs(60, 'New paragraph')}\n\n${text}`;
    const { messages } = await documents.load(owner, { messages: [idOf('long')] });
    const publishChanges = async (of: Owner, made: DocumentChanges) => void changes.push({ owner: of, changes: made });
    const next = messages.get(idOf('long'))!.span.lastSequence + 1;
    await new DocumentsProjection({ history: noHistory, documents, publishChanges }).apply([
      delivery(message('long', changed), next),
    ]);
    let calls = 0;
    const failing = indexOf({
      embed: async (texts) => {
        // The second request and the probe after it.
        if ([1, 2].includes(calls++)) throw new AppError('UNAVAILABLE', 'no embedder answers');
        return embed(texts);
      },
    });
    const before = (await storedOf('long'))!.version;
    await expect(indexChanges(batch(), documents, failing)).rejects.toThrow('no embedder answers');
    expect((await storedOf('long'))!.version).toBe(before);
    await indexChanges(batch(), documents, failing);
    expect((await storedOf('long'))!.version).toBeGreaterThan(before);
    const distinct = new Set(chunkText(changed));
    expect(await storedChunks('long')).toBe(chunkText(changed).length);
    expect(answered.flat().filter((each) => each !== PROBE).length).toBe(
      [...distinct].filter((chunk) => !chunks.has(chunk)).length,
    );
  });

  it('does not rewrite a completely stored document, as when all documents are announced again', async () => {
    const written: string[] = [];
    const counting: VectorStore = {
      ...vectors,
      upsert: (of, rows) => {
        written.push(...rows.map(({ id }) => id));
        return vectors.upsert(of, rows);
      },
    };
    await store(message('m1', 'words'), message('m2', 'more words'));
    await indexChanges(batch(), documents, indexOf({ vectors: counting }));
    expect(written).toEqual(expect.arrayContaining([idOf('m1'), idOf('m2')]));
    written.length = 0;
    await indexChanges(batch(), documents, indexOf({ vectors: counting }));
    expect(written).toEqual([]);
  });

  it('reports progress with every call', async () => {
    await store(...longMessages());
    let reported = 0;
    const seen: number[] = [];
    const index = indexOf({
      embed: async (texts) => {
        seen.push(reported);
        return embed(texts);
      },
    });
    await indexChanges(batch(), documents, index, { onProgress: () => reported++ });
    expect(seen.length).toBeGreaterThanOrEqual(CHUNKS.size / TEXTS_PER_CALL);
    expect(seen.every((before, at) => at === 0 || before > seen[at - 1]!)).toBe(true);
  });
});
