import {
  BatchConsumer,
  connectLog,
  CONSUMER,
  EventPublisher,
  EventReader,
  ProjectionProgress,
  reconcileTopology,
} from '@opensync/event-log';
import type { DeadLetter } from '@opensync/event-log/dead-letters';
import type { Removal } from '@opensync/event-log/payloads';
import { messageIdOf, sessionIdOf, type NewEvent } from '@opensync/contracts';
import { StoreUnavailableError } from '@opensync/stores';
import {
  aMessageSynced,
  aPartSynced,
  aSessionCurated,
  aSessionDeleted,
  aSessionSynced,
  startTestNats,
  waitFor,
  type TestNats,
} from '@opensync/testkit';
import type { QueryResources } from '../resources.ts';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;

/** A session with a message and its part. */
function eventsOf(externalId: string): NewEvent[] {
  const sessionId = sessionIdOf(owner, externalId);
  const messageId = messageIdOf(sessionId, 'm1');
  const message = { sessionExternalId: externalId, externalId: 'm1', textContent: 'words', partCount: 1 };
  return [
    aSessionSynced({ externalId, title: 'Fix login' }, { owner }),
    aMessageSynced(message, { owner }),
    aPartSynced({ sessionId, messageId, order: 0 }, { owner }),
  ];
}

describe('GET /api/receipts/:sequence', () => {
  let nats: TestNats;
  let nc: Awaited<ReturnType<typeof connectLog>>;
  let publisher: EventPublisher;
  let app: QueryApp;

  beforeAll(async () => {
    nats = await startTestNats();
    nc = await connectLog({ servers: nats.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    publisher = new EventPublisher(nc, { source: 'test', mode: 'plain' });
    app = await startQueryApp();
  });
  beforeEach(() => app.replace({ events: new EventReader(nc), progress: new ProjectionProgress(nc) }));
  afterEach(() => app.restore());
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await publisher.close();
    await nc.close();
    await nats.stop();
  });

  const receipt = async (sequence: number | string, as = 'ada') =>
    (
      await app.request('GET', `/api/receipts/${typeof sequence === 'number' ? positionOf(sequence, as) : sequence}`, {
        as,
      })
    ).body;
  /** Acks every event so far, as the documents projection does after saving. */
  const applyAll = async (sequence: number) => {
    const projection = new BatchConsumer(nc, { consumer: CONSUMER.documents, handler: async () => ({}) });
    expect(await new ProjectionProgress(nc).waitFor(sequence, 10_000)).toBe(true);
    await projection.stop();
  };
  const statuses = async (sequences: readonly number[]) => {
    const receipts = await Promise.all(sequences.map((sequence) => receipt(sequence)));
    return receipts.map(({ stored, documents, searchable, embedded }) => ({ stored, documents, searchable, embedded }));
  };

  it('is visible to those who may see the session: its owner, and its workspace while it is shared', async () => {
    const externalId = 'shared session';
    const events = [
      aSessionSynced({ externalId }, { owner }),
      aSessionCurated({ externalId, visibility: 'workspace' }, { owner }),
    ];
    const [first] = (await publisher.publish(events)) as [number, number];
    const seen = async () =>
      Promise.all(['ada', 'bob', 'cid'].map(async (as) => (await receipt(first, as)).stored === true));
    expect(await seen()).toEqual([true, false, false]);
    await storeEvents(app.resources, owner, events, { first });
    expect(await seen()).toEqual([true, true, false]);
  });

  it('shows how far a write has come, from the log to the vectors', async () => {
    const events = eventsOf('s1');
    const sequences = await publisher.publish(events);
    const [first, second, third] = sequences as [number, number, number];
    const sessionId = sessionIdOf(owner, 's1');
    expect(await receipt(first)).toEqual({
      sequence: positionOf(first),
      type: 'dev.opensync.session.synced.v1',
      documentId: sessionId,
      stored: true,
      documents: false,
      searchable: false,
      embedded: false,
      deadLetters: [],
    });
    expect(await receipt(second)).toMatchObject({ documentId: messageIdOf(sessionId, 'm1') });
    expect(await receipt(third)).toMatchObject({ type: 'dev.opensync.part.synced.v1' });

    // Acks every event, as the documents projection does when it has saved them.
    const projection = new BatchConsumer(nc, { consumer: CONSUMER.documents, handler: async () => ({}) });
    const { headers, body } = await app.request('GET', `/api/receipts/${positionOf(third)}`, {
      headers: { 'Osk-Wait-Sequence': positionOf(third) },
    });
    await projection.stop();
    expect(headers['osk-stale']).toBeUndefined();
    expect(body).toMatchObject({ documents: true, searchable: false, embedded: false });

    const { documents, search, vectors } = app.resources;
    await storeEvents({ documents, search }, owner, events, { first });
    const searchable = { stored: true, documents: true, searchable: true };
    expect(await statuses(sequences)).toEqual(sequences.map(() => ({ ...searchable, embedded: false })));
    await storeEvents({ vectors }, owner, events, { first, vectorOf: () => Float32Array.of(1, 0) });
    expect(await statuses(sequences)).toEqual(sequences.map(() => ({ ...searchable, embedded: true })));
  });

  it('reports a newer version as not searchable while the index has an older one', async () => {
    const events = [
      ...eventsOf('s2'),
      aSessionSynced({ externalId: 's2', title: 'Another title' }, { owner }),
      aMessageSynced({ sessionExternalId: 's2', externalId: 'm1', textContent: 'other words' }, { owner }),
    ];
    const sequences = await publisher.publish(events);
    const [first, later, latest] = [sequences[0]!, sequences[3]!, sequences[4]!];
    await applyAll(latest);
    const { documents, search } = app.resources;
    await storeEvents({ documents }, owner, events, { first });
    await storeEvents({ search }, owner, events.slice(0, 3), { first });
    expect(await receipt(later)).toMatchObject({ documentId: sessionIdOf(owner, 's2'), searchable: false });
    expect(await receipt(latest)).toMatchObject({ searchable: false });
    await storeEvents({ search }, owner, events, { first });
    for (const sequence of sequences) expect(await receipt(sequence)).toMatchObject({ searchable: true });
  });

  it('reports an event behind a later write as not searchable until its row reflects it', async () => {
    const events = [
      aSessionSynced({ externalId: 's8', title: 'Herons nest' }, { owner }),
      aSessionSynced({ externalId: 's8', model: 'opus' }, { owner }),
    ];
    const [first, second] = await publisher.publish(events);
    await applyAll(second!);
    const { documents, search } = app.resources;
    await storeEvents({ documents }, owner, events, { first: first! });
    await storeEvents({ search }, owner, events.slice(1), { first: second! });
    expect(await receipt(first!)).toMatchObject({ documents: true, searchable: false });
    await storeEvents({ search }, owner, events, { first: first! });
    expect(await receipt(first!)).toMatchObject({ documents: true, searchable: true });
  });

  it('reports a message as searchable even after its session was sent again unchanged', async () => {
    const events = [...eventsOf('s9'), aSessionSynced({ externalId: 's9', title: 'Flaky login' }, { owner })];
    const sequences = await publisher.publish(events);
    const [first, ofMessage] = sequences as [number, number];
    await applyAll(sequences.at(-1)!);
    const { documents, search } = app.resources;
    await storeEvents({ documents }, owner, events, { first });
    // The heading is unchanged: no row of a message is rewritten for it.
    await storeEvents({ search }, owner, events.slice(0, 3), { first });
    expect(await receipt(ofMessage)).toMatchObject({ documents: true, searchable: true });
  });

  it('leaves the state of an unavailable index open', async () => {
    const [sequence] = await publisher.publish(eventsOf('s3'));
    await applyAll(sequence!);
    const indexed = () => Promise.reject(new StoreUnavailableError('search'));
    app.replace({ search: { ...app.resources.search, indexed } });
    expect(await receipt(sequence!)).toMatchObject({ stored: true, searchable: null, embedded: false });
  });

  it('does not exist for others, nor for an unknown sequence', async () => {
    const [sequence] = await publisher.publish(eventsOf('s4'));
    const elsewhere = await receipt(positionOf(sequence!, 'cid'));
    for (const { error } of [
      await receipt(sequence!, 'bob'),
      await receipt(999_999),
      elsewhere,
      await receipt(positionOf(0)),
    ]) {
      expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'There is no write with this sequence' });
    }
  });

  it.each(['0', '1', 'abc', '-1', 'pos_', `${positionOf(1)}x`])('rejects %j', async (sequence) => {
    expect((await receipt(sequence)).error).toMatchObject({ code: 'INVALID_REQUEST', details: [{ path: 'sequence' }] });
  });

  /**
   * A session that is deleted and sent again; the documents have its later events, and the data that the deletion
   * must remove.
   */
  const deletedAndSentAgain = async (externalId: string) => {
    const before = eventsOf(externalId);
    const later = [aSessionSynced({ externalId, source: 'codex' }, { owner })];
    const all = [...before, aSessionDeleted(externalId, { owner }), ...later];
    const sequences = await publisher.publish(all);
    const [first, deletion, again] = [sequences[0]!, sequences[3]!, sequences[4]!];
    await applyAll(again);
    await storeEvents({ documents: app.resources.documents }, owner, all, { first });
    return { before, later, first, deletion, again, sessionId: sessionIdOf(owner, externalId) };
  };

  it('reports a deletion as done when no earlier data is left, in the documents and in each index', async () => {
    const { documents, search, vectors } = app.resources;
    const { before, first, deletion, sessionId } = await deletedAndSentAgain('s12');
    await storeEvents({ search, vectors }, owner, before, { first, vectorOf: () => Float32Array.of(1, 0) });
    const none = { documents: false, searchable: false, embedded: false };
    expect(await receipt(deletion)).toMatchObject(none);
    await documents.removeBefore(owner, sessionId, deletion);
    expect(await receipt(deletion)).toMatchObject({ ...none, documents: true });
    await search.remove(owner, [sessionId]);
    expect(await receipt(deletion)).toMatchObject({ documents: true, searchable: true, embedded: false });
    await vectors.remove(owner, [sessionId]);
    expect(await receipt(deletion)).toMatchObject({ documents: true, searchable: true, embedded: true });

    // The session's own row is missing; one of a former message exists.
    const heading = {
      projectName: '',
      projectPath: '',
      source: 'codex',
      model: '',
      createdAt: 1,
      visibility: 'private',
    } as const;
    const left = { id: messageIdOf(sessionId, 'm1'), sessionId, version: 1, ...heading };
    await search.index(owner, [
      { ...left, messageId: left.id, title: '', text: 'words', toolText: '', firstSequence: first },
    ]);
    expect(await receipt(deletion)).toMatchObject({ documents: true, searchable: false, embedded: true });
    await vectors.upsert(owner, [{ ...left, collection: 'messages', chunks: [], firstSequence: first }]);
    expect(await receipt(deletion)).toMatchObject({ documents: true, searchable: false, embedded: false });
  });

  it('reports a session that is sent again as found when its own new row exists', async () => {
    const { documents, search, vectors } = app.resources;
    const { before, later, first, deletion, again, sessionId } = await deletedAndSentAgain('s13');
    await documents.removeBefore(owner, sessionId, deletion);
    const vectorOf = () => Float32Array.of(1, 0);
    // Their versions are higher than those of the new rows.
    await storeEvents({ search, vectors }, owner, before, { first, vectorOf });
    expect(await receipt(again)).toMatchObject({ documents: true, searchable: false, embedded: false });
    for (const index of [search, vectors]) await index.remove(owner, [sessionId]);
    expect(await receipt(again)).toMatchObject({ documents: true, searchable: false, embedded: false });
    await storeEvents({ search, vectors }, owner, later, { first: again, vectorOf });
    for (const sequence of [deletion, again]) {
      expect(await receipt(sequence)).toMatchObject({ documents: true, searchable: true, embedded: true });
    }
    expect(await receipt(first)).toMatchObject({ deleted: true, searchable: false });
  });

  it('reports a deletion as done also after another one', async () => {
    const { documents } = app.resources;
    const externalId = 's14';
    const events = [
      ...eventsOf(externalId),
      aSessionDeleted(externalId, { owner }),
      aSessionSynced({ externalId }, { owner }),
      aSessionDeleted(externalId, { owner }),
    ];
    const sequences = await publisher.publish(events);
    const [first, second] = [sequences[3]!, sequences[5]!];
    await applyAll(second);
    await storeEvents({ documents }, owner, events, { first: sequences[0]! });
    await documents.removeBefore(owner, sessionIdOf(owner, externalId), second);
    for (const sequence of [first, second]) {
      expect(await receipt(sequence)).toMatchObject({ documents: true, searchable: true, embedded: true });
    }
  });

  it('reports when the payloads of a deleted session are removed', async () => {
    const [first] = await publisher.publish(eventsOf('s11'));
    const [sequence] = await publisher.publish([aSessionDeleted('s11', { owner })]);
    const of = async (removal: Pick<Removal, 'requested' | 'done'> | undefined) => {
      app.replace({ removals: { of: async () => removal && { ...removal, since: 0 } } });
      return (await receipt(sequence!)).payloads;
    };
    expect(await of(undefined)).toBe(false);
    await applyAll(sequence!);
    // Requests at the same moment share one look at the projection, which may have begun before.
    await waitFor(async () => (await receipt(sequence!)).documents === true);
    expect(await of({ requested: sequence!, done: sequence! - 1 })).toBe(false);
    expect(await of({ requested: sequence! + 5, done: sequence! })).toBe(true);
    expect(await of(undefined)).toBe(true);
    app.replace({ removals: { of: () => Promise.reject(new StoreUnavailableError('documents')) } });
    expect((await receipt(sequence!)).payloads).toBeNull();
    expect(await receipt(first!)).not.toHaveProperty('payloads');
  });

  it('reports an unreadable event only as stored', async () => {
    const [before] = await publisher.publish(eventsOf('s5').slice(0, 1));
    nc.publish(`osk.events.${owner.workspaceId}.${owner.userId}.session`, '{');
    const found = await waitFor(async () => {
      const answer = await receipt(before! + 1);
      return answer.stored && answer;
    });
    const unknown = {
      type: null,
      documentId: null,
      documents: null,
      searchable: null,
      embedded: null,
      deadLetters: [],
    };
    expect(found).toEqual({ sequence: positionOf(before! + 1), stored: true, ...unknown });
  });

  it('reports an event about the caller only as stored', async () => {
    const data = { ...owner, role: 'owner' as const };
    const [sequence] = await publisher.publish([
      { id: 'id', time: 0, type: 'dev.opensync.membership.put.v1', owner, data },
    ]);
    expect(await receipt(sequence!)).toMatchObject({
      ...{ type: 'dev.opensync.membership.put.v1', stored: true },
      ...{ documents: null, searchable: null, embedded: null, deadLetters: [] },
    });
    expect(await receipt(sequence!, 'bob')).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it('describes a dead letter and its reason, until it is replayed', async () => {
    const events = eventsOf('s10');
    const [first, second] = (await publisher.publish(events)) as [number, number];
    await applyAll(first + 2);
    const { documents, search, vectors } = app.resources;
    await storeEvents({ documents, search, vectors }, owner, events, { first, vectorOf: () => Float32Array.of(1, 0) });
    const messageId = messageIdOf(sessionIdOf(owner, 's10'), 'm1');
    const letters = new Map<string, { kind: 'failed' | 'refused' | 'not-embedded'; reason: string }>();
    const about: QueryResources['deadLetters']['about'] = async (consumer, key) => {
      const letter = letters.get(`${consumer} ${key}`);
      return letter && ({ consumer, ...letter } as DeadLetter);
    };
    app.replace({ events: new EventReader(nc), progress: new ProjectionProgress(nc), deadLetters: { about } });
    letters.set(`vectors ${messageId}`, { kind: 'not-embedded', reason: 'the embedding API failed (500)' });
    expect(await receipt(second)).toMatchObject({
      ...{ documents: true, searchable: true, embedded: false },
      deadLetters: [{ consumer: 'vectors', kind: 'not-embedded', reason: 'the embedding API failed (500)' }],
    });
    letters.set(`search ${messageId}`, { kind: 'refused', reason: 'too large' });
    expect(await receipt(second)).toMatchObject({ documents: true, searchable: false, embedded: false });
    letters.set(`documents ${second}`, { kind: 'failed', reason: 'a bug' });
    expect(await receipt(second)).toMatchObject({
      ...{ documents: false, searchable: false, embedded: false },
      deadLetters: [{ consumer: 'documents' }, { consumer: 'search' }, { consumer: 'vectors' }],
    });
    // The session's own event is not affected.
    expect(await receipt(first)).toMatchObject({ documents: true, searchable: true, deadLetters: [] });
    letters.clear();
    expect(await receipt(second)).toMatchObject({ documents: true, searchable: true, embedded: true, deadLetters: [] });
  });

  it('reports how many passages of a long text have no vector', async () => {
    const events = eventsOf('s10');
    const [first, ofMessage] = (await publisher.publish(events)) as [number, number];
    await applyAll(first + 2);
    const { documents, search, vectors } = app.resources;
    const cut: typeof vectors = {
      ...vectors,
      upsert: (of, rows) =>
        vectors.upsert(
          of,
          rows.map((row) => (row.collection === 'messages' ? { ...row, omitted: 572 } : row)),
        ),
    };
    await storeEvents({ documents, search, vectors: cut }, owner, events, {
      first,
      vectorOf: () => Float32Array.of(1, 0),
    });
    expect(await receipt(ofMessage)).toMatchObject({ embedded: true, passagesNotEmbedded: 572 });
    expect(await receipt(first)).not.toHaveProperty('passagesNotEmbedded');
  });

  it('is waited for, two seconds at most, then the answer is stale', async () => {
    const [sequence] = await publisher.publish(eventsOf('s6').slice(0, 1));
    const start = performance.now();
    const { status, headers } = await app.request('GET', '/api/stats', {
      headers: { 'Osk-Wait-Sequence': positionOf(sequence!) },
    });
    expect([status, headers['osk-stale']]).toEqual([200, 'true']);
    expect(performance.now() - start).toBeGreaterThan(1_900);
  });

  it('cannot be read while the log is unavailable, and can again afterwards', async () => {
    const [sequence] = await publisher.publish(eventsOf('s7').slice(0, 1));
    await nats.kill();
    expect((await receipt(sequence!)).error).toMatchObject({ code: 'UNAVAILABLE' });
    await nats.restart();
    const found = await waitFor(async () => {
      const answer = await receipt(sequence!);
      return answer.stored && answer;
    });
    expect(found).toMatchObject({ stored: true, documents: false });
  });
});
