import { join } from 'node:path';
import { ERASURE, sessionIdOf, type NewEvent, type Owner } from '@opensync/contracts';
import type { Delivery } from '@opensync/event-log';
import { openSqliteDocuments, type DocumentStore } from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionCurated,
  aSessionDeleted,
  aSessionSynced,
  aUserErased,
  temporaryFolder,
  type TemporaryFolder,
} from '@opensync/testkit';
import fc from 'fast-check';
import { documentContents } from '../rebuild/contents.ts';
import { stream } from '../testing/deliveries.ts';
import { openIndexing } from '../testing/indexing.ts';
import { digestOf } from '../testing/running-projections.ts';
import { DocumentsProjection } from './documents-projection.ts';

const ada = anOwner('ada@example.com');
const bob = anOwner('bob@example.com');

const session = (externalId: string, title: string, owner = ada) => aSessionSynced({ externalId, title }, { owner });
const message = (sessionExternalId: string, textContent: string, owner = ada) =>
  aMessageSynced({ sessionExternalId, externalId: `${sessionExternalId}-1`, textContent, partCount: 1 }, { owner });
const part = (externalId: string, content: string) => {
  const { messageId, sessionId } = message(externalId, '').data;
  return aPartSynced({ messageId, sessionId, content }, { owner: ada });
};

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function withStore<Result>(name: string, work: (documents: DocumentStore) => Promise<Result>): Promise<Result> {
  const documents = await openSqliteDocuments(join(folder.path, `${name}.db`));
  try {
    return await work(documents);
  } finally {
    await documents.close();
  }
}

function projection(documents: DocumentStore, log: readonly Delivery[], deletions: [Owner, number][] = []) {
  return new DocumentsProjection({
    ...{ documents, publishChanges: async () => undefined },
    onDeletion: async (owner, sequence) => void deletions.push([owner, sequence]),
    async *history(owner, after) {
      yield log.filter((delivery) => delivery.sequence > after && delivery.subject.includes(owner.userId));
    },
  });
}

describe('the erasure of a user', () => {
  it('deletes all their sessions, and starts over with later events', async () => {
    const indexing = await openIndexing();
    try {
      const many = Array.from({ length: 120 }, (_, n) => session(`s${n}`, `Herons ${n}`));
      const log = stream([
        ...[...many, message('s1', 'bitterns'), part('s1', 'cranes'), session('s1', 'Herons', bob)],
        ...[aUserErased({ owner: ada }), session('s2', 'Spoonbills')],
      ]);
      await indexing.index(await indexing.apply(log));
      const { documents } = indexing;
      const page = { limit: 200, sort: 'createdAt', order: 'asc' } as const;
      expect((await documents.sessions(ada, page)).map(({ fields }) => fields.title)).toEqual(['Spoonbills']);
      expect((await documents.sessions(bob, page)).map(({ fields }) => fields.title)).toEqual(['Herons']);
      expect(await documents.stats(ada)).toMatchObject({ sessions: 1, messages: 0 });
      for (const words of ['herons', 'bitterns', 'cranes']) expect(await indexing.find(ada, words)).toEqual([]);
      expect(await indexing.find(ada, 'spoonbills')).toEqual([sessionIdOf(ada, 's2')]);
      expect(await indexing.find(bob, 'herons')).toEqual([sessionIdOf(bob, 's1')]);
    } finally {
      await indexing.close();
    }
  });

  it('reaches sessions in the trash, and not what is put there later', async () => {
    const trash = (externalId: string) => aSessionCurated({ externalId, trashedAt: 1 }, { owner: ada });
    const many = Array.from({ length: 60 }, (_, n) => [session(`t${n}`, 'Herons'), trash(`t${n}`)]).flat();
    const log = stream([
      ...many,
      message('t1', 'bitterns'),
      aUserErased({ owner: ada }),
      session('new', 'x'),
      trash('new'),
    ]);
    await withStore('one', async (documents) => {
      const one = projection(documents, log);
      for (const delivery of log) await one.apply([delivery]);
      const left = await documents.trashed({ owner: ada, before: Number.MAX_SAFE_INTEGER, limit: 100 });
      expect(left.map(({ id }) => id)).toEqual([sessionIdOf(ada, 'new')]);
      const { gone } = await documents.load(ada, { sessions: [sessionIdOf(ada, 't1')] });
      expect([...gone.values()].map(({ fields }) => fields)).toEqual([{}]);
      expect(await documents.hasBefore(ada, sessionIdOf(ada, 't1'), 1000)).toBe(false);
    });
  });

  it('has their payloads removed', async () => {
    const log = stream([session('s1', 'Herons'), aUserErased({ owner: ada })]);
    const deletions: [Owner, number][] = [];
    await withStore('one', (documents) => projection(documents, log, deletions).apply(log));
    expect(deletions).toEqual([[ada, 2]]);
  });

  it('also reaches earlier events that arrive later, of sessions that nobody had seen', async () => {
    const log = stream([
      session('s1', 'Herons'),
      message('s1', 'bitterns'),
      part('s1', 'x'),
      aUserErased({ owner: ada }),
    ]);
    await withStore('one', async (documents) => {
      const one = projection(documents, log);
      for (const at of [3, 1, 2, 0]) expect(await one.apply([log[at]!])).toEqual({ poison: [] });
      expect(await documents.stats(ada)).toMatchObject({ sessions: 0, messages: 0 });
      expect(await documents.goneSessions(ada, { limit: 10 })).toEqual([sessionIdOf(ada, 's1'), ERASURE].sort());
    });
  });

  it.each(['1 2 3 4 5', '5 3 2 4 1', '4 5 1 3 2', '5 4 3 2 1'])(
    'reaches a session that was deleted before it and sent again after it, in the order %s',
    async (order) => {
      const log = stream([
        ...[session('other', 'Bob’s', bob), session('a', 'Herons')],
        ...[aSessionDeleted('a', { owner: ada }), aUserErased({ owner: ada }), session('a', 'Cranes')],
      ]);
      await withStore('one', async (documents) => {
        const one = projection(documents, log);
        for (const sequence of order.split(' ')) await one.apply([log[Number(sequence) - 1]!]);
        const id = sessionIdOf(ada, 'a');
        expect((await documents.load(ada, { sessions: [id] })).sessions.get(id)).toMatchObject({
          ...{ fields: { title: 'Cranes' }, span: { firstSequence: 5 }, deletion: { sequence: 4 } },
        });
      });
    },
  );

  it('produces the same documents in any order, repeated, and in batches of any size', async () => {
    const named = fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y'));
    // A message and its parts are one batch of the log.
    const kinds: fc.Arbitrary<NewEvent[]> = fc.oneof(
      { weight: 3, arbitrary: named.map(([id, text]) => [session(id, text)]) },
      { weight: 3, arbitrary: named.map(([id, text]) => [message(id, text), part(id, text)]) },
      { weight: 1, arbitrary: named.map(([id]) => [aSessionDeleted(id, { owner: ada })]) },
      { weight: 1, arbitrary: fc.constant(null).map(() => [aUserErased({ owner: ada })]) },
    );
    const delivery = fc.array(kinds, { minLength: 2, maxLength: 8 }).chain((events) => {
      const log = stream([session('other', 'Bob’s', bob), ...events.flat()]);
      const again = log.slice(0, 3);
      return fc.record({
        log: fc.constant(log),
        delivered: fc.shuffledSubarray([...log, ...again], { minLength: log.length + again.length }),
        size: fc.integer({ min: 1, max: 5 }),
      });
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(delivery, async ({ log, delivered, size }) => {
        run += 1;
        const contents = async (name: string, batches: readonly (readonly Delivery[])[]) =>
          withStore(`${name}-${run}`, async (documents) => {
            const one = projection(documents, log);
            for (const batch of batches) await one.apply(batch);
            return digestOf(documentContents(documents), [ada, bob]);
          });
        const batches = Array.from({ length: Math.ceil(delivered.length / size) }, (_, at) =>
          delivered.slice(at * size, (at + 1) * size),
        );
        expect(await contents('shuffled', batches)).toBe(
          await contents(
            'in order',
            log.map((event) => [event]),
          ),
        );
      }),
      { numRuns: 10 },
    );
  }, 240_000);
});
