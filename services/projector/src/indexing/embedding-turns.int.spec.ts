import { join } from 'node:path';
import {
  changeSubject,
  messageIdOf,
  ownerKey,
  sessionIdOf,
  type DocumentChanges,
  type NewEvent,
  type Owner,
} from '@opensync/contracts';
import { jest } from '@jest/globals';
import type { Delivery } from '@opensync/event-log';
import { AppError } from '@opensync/platform';
import {
  chunkText,
  openSqliteDocuments,
  openSqliteVectors,
  type DocumentStore,
  type VectorStore,
} from '@opensync/stores';
import {
  aMessageSynced,
  aSessionDeleted,
  anOwner,
  aSessionSynced,
  temporaryFolder,
  type TemporaryFolder,
} from '@opensync/testkit';
import fc from 'fast-check';
import { VectorsController } from '../controllers/vectors.controller.ts';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { delivery, raw, noHistory } from '../testing/deliveries.ts';
import { EmbeddingTurns } from './embedding-turns.ts';
import { PROBE } from './text-embedding.ts';
import { vectorIndex } from './vector-index.ts';

const ada = anOwner('ada@example.com');
const bob = anOwner('bob@example.com');
const payloads = { text: () => Promise.reject(new Error('nothing is in the payload store')) };
/** A turn is over after its first step. */
const AT_ONCE = { turnMs: 0 };

/** A text of this many chunks, none of which is in a text with another name: the name is in every part of each. */
const textOf = (name: string, chunks: number) =>
  Array.from({ length: chunks }, (_, at) => `${`${name} says ${at}, `.repeat(40).slice(0, 340)}.`).join('\n\n');

describe('EmbeddingTurns', () => {
  let folder: TemporaryFolder;
  let documents: DocumentStore;
  let vectors: VectorStore;
  /** Texts in the order in which they were embedded. */
  let embedded: string[];
  let sequence: number;

  beforeEach(async () => {
    folder = await temporaryFolder();
    documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
    vectors = await openVectors('vectors');
    embedded = [];
    sequence = 0;
  });
  afterEach(async () => {
    await documents.close();
    await vectors.close();
    await folder.remove();
  });

  const openVectors = (name: string) =>
    openSqliteVectors({ folder: join(folder.path, name), model: 'fake', dimensions: 2 });

  const embed = async (texts: readonly string[]) => {
    embedded.push(...texts);
    return texts.map(() => Float32Array.of(0.6, 0.8));
  };
  const turnsOf = (options: { turnMs?: number; embed?: typeof embed; vectors?: VectorStore } = AT_ONCE) =>
    new EmbeddingTurns({
      documents,
      index: vectorIndex({ payloads, embed, vectors, ...options }),
      ...(options.turnMs !== undefined && { turnMs: options.turnMs }),
    });

  const message = (owner: Owner, sessionExternalId: string, externalId: string, textContent: string) =>
    aMessageSynced({ sessionExternalId, externalId, textContent }, { owner });
  const idOf = (owner: Owner, session: string, externalId: string) =>
    messageIdOf(sessionIdOf(owner, session), externalId);

  /** Projects events and returns their CHANGES: a delivery for each owner. */
  async function change(...events: NewEvent[]): Promise<Delivery[]> {
    const changed: Delivery[] = [];
    const push = (of: Owner, change: object) =>
      void changed.push(raw(changeSubject(of), ++sequence, JSON.stringify(change)));
    const publishChanges = async (of: Owner, { removed, ...changes }: DocumentChanges) => {
      // In a separate message, as on CHANGES.
      if (removed) push(of, { removed });
      push(of, changes);
    };
    const projection = new DocumentsProjection({ history: noHistory, documents, publishChanges });
    await projection.apply(events.map((event) => delivery(event, ++sequence)));
    return changed;
  }
  const backfill = (owner: Owner, session: string, messages: number, chunks: number) =>
    change(
      ...Array.from({ length: messages }, (_, at) =>
        message(owner, session, `m${at}`, textOf(`${ownerKey(owner)} ${session} ${at}`, chunks)),
      ),
    );

  const isWhole = async (owner: Owner, id: string, store = vectors) =>
    ((await store.indexed(owner, [id])).get(id)?.version ?? 0) > 0;

  /** Turns until no work is left; returns the remaining work after each. */
  async function untilDone(turns: EmbeddingTurns, batch: readonly Delivery[]) {
    const left: (readonly Delivery[])[] = [];
    for (let open = batch; open.length > 0; left.push(open)) {
      open = (await turns.take(open, () => undefined)).unfinished!;
      if (left.length > 5000) throw new Error('it does not finish');
    }
    return left;
  }

  it('finishes a sentence in the first turn after its arrival, whatever another owner sent before', async () => {
    const turns = turnsOf();
    const long = await backfill(ada, 'history', 30, 120);
    let open = (await turns.take(long, () => undefined)).unfinished!;
    expect(open).toEqual(long);
    const sentence = await change(message(bob, 'now', 'm1', 'where do herons nest?'));
    ({ unfinished: open = [] } = await turns.take([...sentence, ...open], () => undefined));
    expect(open).toEqual(long);
    expect(await isWhole(bob, idOf(bob, 'now', 'm1'))).toBe(true);
    expect(embedded.length).toBeLessThan(3 * 64);
  });

  it('finishes a sentence of a session in its first turn, whatever work another session of its owner has', async () => {
    const turns = turnsOf();
    const long = await backfill(ada, 'history', 30, 120);
    let open = (await turns.take(long, () => undefined)).unfinished!;
    const sentence = await change(message(ada, 'now', 'm1', 'where do herons nest?'));
    ({ unfinished: open = [] } = await turns.take([...sentence, ...open], () => undefined));
    expect(await isWhole(ada, idOf(ada, 'now', 'm1'))).toBe(true);
    expect(open.filter((left) => !sentence.includes(left))).toEqual(long);
  });

  it('finishes a sentence that one change names together with long messages of other sessions', async () => {
    const turns = turnsOf();
    const sessions = Array.from({ length: 20 }, (_, at) => message(ada, `s${at}`, 'm', textOf(`session ${at}`, 120)));
    const named = await change(...sessions, message(ada, 'now', 'm1', 'where do herons nest?'));
    let taken = 0;
    let open: readonly Delivery[] = named;
    while (!(await isWhole(ada, idOf(ada, 'now', 'm1')))) {
      open = (await turns.take(open, () => undefined)).unfinished!;
      taken++;
    }
    // Each of the sessions before it has one turn.
    expect(taken).toBeLessThanOrEqual(sessions.length + 1);
    await untilDone(turns, open);
  });

  it('gives owners equal shares, even more of them than work at once', async () => {
    const turns = turnsOf();
    const owners = Array.from({ length: 9 }, (_, at) => anOwner(`owner-${at}@example.com`));
    let open = (await Promise.all(owners.map((owner) => backfill(owner, 'history', 4, 120)))).flat();
    const share = (owner: Owner) => embedded.filter((text) => text.includes(`${ownerKey(owner)} `)).length;
    for (let turn = 0; turn < 9; turn++) {
      open = [...(await turns.take(open, () => undefined)).unfinished!];
      const shares = owners.map(share);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2 * 64);
    }
    expect(Math.min(...owners.map(share))).toBeGreaterThan(0);
    await untilDone(turns, open);
  });

  it('keeps the turns of owners while a dead letter of one of them is replayed', async () => {
    let clock = 0;
    const now = jest.spyOn(performance, 'now').mockImplementation(() => clock);
    const controller = new VectorsController({
      documents,
      payloads,
      roles: {
        vectors: {
          vectors,
          embed: (texts) => {
            // Each step takes as long as a turn.
            clock += 1000;
            return embed(texts);
          },
        },
      },
    });
    const context = { onProgress: () => undefined, signal: new AbortController().signal };
    const owners = Array.from({ length: 8 }, (_, at) => anOwner(`owner-${at}@example.com`));
    const live = (await Promise.all(owners.map((owner) => backfill(owner, 'history', 2, 120)))).flat();
    const letter = await backfill(bob, 'history', 1, 120);
    await controller.handle(live, context);
    await controller.handle(letter, { ...context, isReplay: true });
    await controller.handle(live, context);
    now.mockRestore();
    for (const owner of owners) expect(embedded.some((text) => text.includes(`${ownerKey(owner)} `))).toBe(true);
  });

  it('finishes changes of one owner one after another, so that there is room for others before all are done', async () => {
    const turns = turnsOf();
    const changes: Delivery[] = [];
    // Each of them fills a turn.
    for (let at = 0; at < 8; at++) changes.push(...(await backfill(ada, `s${at}`, 300, 1)));
    const doneAfter: number[] = [];
    let open: readonly Delivery[] = changes;
    while (open.length > 0) {
      const { unfinished = [] } = await turns.take(open, () => undefined);
      doneAfter.push(...open.slice(unfinished.length).map(() => embedded.length));
      open = unfinished;
    }
    expect(doneAfter[0]).toBeLessThan(0.6 * 8 * 300);
    expect(doneAfter[2]).toBeLessThan(0.85 * 8 * 300);
  });

  it('does not let a change that needs a second turn wait for the older ones of its owner', async () => {
    const turns = turnsOf();
    let open: readonly Delivery[] = await backfill(ada, 'history', 450, 8);
    open = (await turns.take(open, () => undefined)).unfinished!;
    const pasted = await change(message(ada, 'now', 'm1', textOf('pasted', 100)));
    open = [...pasted, ...open];
    let taken = 0;
    for (; open.includes(pasted[0]!); taken++) open = (await turns.take(open, () => undefined)).unfinished!;
    expect(taken).toBeLessThan(10);
    expect(open).toHaveLength(1);
  });

  it('embeds each text once and stores every message whole, however much each owner has sent', async () => {
    const run = fc.record({
      owner: fc.constantFrom('ann', 'ben', 'cyd', 'dan', 'eve', 'flo'),
      session: fc.constantFrom('s1', 's2', 's3'),
      messages: fc.integer({ min: 1, max: 4 }),
      chunks: fc.integer({ min: 0, max: 30 }),
    });
    let example = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 8 }), async (runs) => {
        const turns = turnsOf();
        embedded = [];
        const place = `${example++}`;
        const open: Delivery[] = [];
        const ids: { owner: Owner; id: string }[] = [];
        for (const [at, { owner: name, session, messages, chunks }] of runs.entries()) {
          const owner = anOwner(`${name}-${place}@example.com`);
          const events = Array.from({ length: messages }, (_, n) =>
            message(owner, session, `${at}-${n}`, textOf(`${place} ${at} ${n}`, chunks)),
          );
          ids.push(...events.map(({ data }) => ({ owner, id: data.messageId })));
          open.push(...(await change(...events)));
        }
        await untilDone(turns, open);
        for (const { owner, id } of ids) expect(await isWhole(owner, id)).toBe(true);
        expect(new Set(embedded).size).toBe(embedded.length);
      }),
      { numRuns: 12 },
    );
  });

  it('counts a change as done only if the live store has all of it', async () => {
    const next = await openVectors('next');
    const live = { now: vectors };
    const switching: VectorStore = {
      ...vectors,
      indexed: (...args) => live.now.indexed(...args),
      upsert: (...args) => live.now.upsert(...args),
    };
    const turns = turnsOf({ ...AT_ONCE, vectors: switching });
    const changed = await backfill(ada, 'history', 4, 60);
    let open: readonly Delivery[] = changed;
    for (let turn = 0; turn < 3; turn++) open = (await turns.take(open, () => undefined)).unfinished!;
    expect(await isWhole(ada, idOf(ada, 'history', 'm0'))).toBe(true);
    live.now = next;
    await untilDone(turns, open);
    for (let at = 0; at < 4; at++) expect(await isWhole(ada, idOf(ada, 'history', `m${at}`), next)).toBe(true);
    await next.close();
  });

  it('keeps all work while the model is unavailable, and requests no embedded text again', async () => {
    let calls = 0;
    const turns = turnsOf({
      ...AT_ONCE,
      embed: async (texts) => {
        if (calls++ % 4 >= 2) throw new AppError('UNAVAILABLE', 'no embedder answers');
        return embed(texts);
      },
    });
    let open: readonly Delivery[] = await backfill(ada, 'history', 5, 90);
    let outages = 0;
    while (open.length > 0) {
      try {
        open = (await turns.take(open, () => undefined)).unfinished!;
      } catch {
        outages++;
      }
    }
    expect(outages).toBeGreaterThan(0);
    const texts = embedded.filter((text) => text.includes(ownerKey(ada)));
    expect(texts.length).toBe(5 * 90);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('removes the rows of a deleted session once, although the model fails in the first turn', async () => {
    const removals: string[][] = [];
    let calls = 0;
    const turns = turnsOf({
      ...AT_ONCE,
      vectors: {
        ...vectors,
        remove: (owner, ids) => {
          removals.push([...ids]);
          return vectors.remove(owner, ids);
        },
      },
      embed: async (texts) => {
        if (calls++ % 4 >= 2) throw new AppError('UNAVAILABLE', 'no embedder answers');
        return embed(texts);
      },
    });
    await untilDone(turnsOf(), await backfill(ada, 'again', 2, 3));
    embedded = [];
    const texts = Array.from({ length: 4 }, (_, at) => message(ada, 'again', `n${at}`, textOf(`later ${at}`, 90)));
    const deletion = aSessionDeleted('again', { owner: ada });
    let open: readonly Delivery[] = [...(await change(deletion)), ...(await change(...texts))];
    let outages = 0;
    while (open.length > 0) {
      try {
        open = (await turns.take(open, () => undefined)).unfinished!;
      } catch {
        outages++;
      }
    }
    expect(outages).toBeGreaterThan(0);
    expect(removals).toEqual([[sessionIdOf(ada, 'again')]]);
    const asked = embedded.filter((text) => text !== PROBE);
    expect(new Set(asked).size).toBe(asked.length);
    for (const { data } of texts) expect(await isWhole(ada, data.messageId)).toBe(true);
    expect(await isWhole(ada, idOf(ada, 'again', 'm0'))).toBe(false);
  });

  it('finishes a change with any number of texts that the model rejects', async () => {
    const turns = turnsOf({
      ...AT_ONCE,
      embed: async (texts) => {
        if (texts.some((text) => text.includes('poison'))) throw new AppError('INVALID_REQUEST', 'too odd a text');
        return embed(texts);
      },
    });
    const messages = Array.from({ length: 12 }, (_, at) =>
      message(ada, 'history', `m${at}`, textOf(`${at % 2 === 0 ? 'poison' : 'words'}${at}`, 90)),
    );
    const open = await change(aSessionSynced({ externalId: 'history', model: 'opus' }, { owner: ada }), ...messages);
    await untilDone(turns, open);
    for (const [at, { data }] of messages.entries()) expect(await isWhole(ada, data.messageId)).toBe(at % 2 === 1);
  });

  it('rewrites a session under a new model in turns, with others in between', async () => {
    const turns = turnsOf();
    const ofModel = (model: string) => aSessionSynced({ externalId: 'history', model }, { owner: ada });
    await untilDone(
      turns,
      await change(
        ofModel('sonnet'),
        ...Array.from({ length: 450 }, (_, at) => message(ada, 'history', `m${at}`, `words ${at}`)),
      ),
    );
    const renamed = await change(ofModel('opus'));
    let open = (await turns.take(renamed, () => undefined)).unfinished!;
    expect(open).toEqual(renamed);
    const sentence = await change(message(ada, 'now', 'm1', 'where do herons nest?'));
    open = (await turns.take([...sentence, ...open], () => undefined)).unfinished!;
    open = (await turns.take(open, () => undefined)).unfinished!;
    expect(await isWhole(ada, idOf(ada, 'now', 'm1'))).toBe(true);
    await untilDone(turns, open);
    const ids = Array.from({ length: 450 }, (_, at) => idOf(ada, 'history', `m${at}`));
    const rows = [...(await vectors.indexed(ada, [...ids, sessionIdOf(ada, 'history')])).values()];
    expect(rows.map(({ model }) => model)).toEqual(Array.from({ length: 451 }, () => 'opus'));
  });

  it('reports documents that the index rejects once, with the change that named them, when that is done', async () => {
    const turns = turnsOf({
      ...AT_ONCE,
      embed: async (texts) => {
        if (texts.some((text) => text.includes('poison'))) throw new AppError('INVALID_REQUEST', 'not this text');
        return embed(texts);
      },
    });
    const changed = await change(
      message(ada, 'history', 'long', textOf('long', 100)),
      message(ada, 'history', 'bad', 'poison'),
    );
    const malformed = raw(changeSubject(ada), 9999, 'not JSON');
    const letters: { id?: string | undefined; kind: string }[] = [];
    let open: readonly Delivery[] = [...changed, malformed];
    while (open.length > 0) {
      const { poison = [], unfinished = [] } = await turns.take(open, () => undefined);
      letters.push(...poison.map(({ kind, documentId }) => ({ kind, id: documentId })));
      open = unfinished;
    }
    expect(letters).toEqual([
      { kind: 'malformed', id: undefined },
      { kind: 'not-embedded', id: idOf(ada, 'history', 'bad') },
    ]);
    expect(await isWhole(ada, idOf(ada, 'history', 'long'))).toBe(true);
    expect(chunkText(textOf('long', 100)).every((chunk) => embedded.includes(chunk))).toBe(true);
  });
});
