import { AppError } from '@opensync/platform';
import { eventHeaders, eventSubject, EVENT_CATALOGUE, type NewEvent, type RawEvent } from '@opensync/contracts';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;

/** A stored event of the log. */
function raw(event: NewEvent, sequence: number): RawEvent {
  const headers: Readonly<Record<string, string>> = eventHeaders(event, 'test');
  return {
    subject: eventSubject(event.owner, EVENT_CATALOGUE[event.type].entity),
    sequence,
    header: (name) => headers[name],
    body: () => JSON.stringify(event.data),
  };
}

const READS = ['/api/sessions', '/api/stats', '/api/search?q=x'];

describe('Osk-Wait-Sequence', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
  });
  afterEach(() => app.restore());
  afterAll(() => app[Symbol.asyncDispose]());

  const progress = (waitFor: QueryApp['resources']['progress']['waitFor']) =>
    app.replace({ progress: { ...app.resources.progress, waitFor } });
  const stats = (sequence: string) => app.request('GET', '/api/stats', { headers: { 'Osk-Wait-Sequence': sequence } });

  it('waits on every read until the documents have that write', async () => {
    const waits: [number, number][] = [];
    progress(async (sequence, timeoutMs) => waits.push([sequence, timeoutMs]) > 0);
    for (const url of READS) {
      const { status, headers } = await app.request('GET', url, { headers: { 'Osk-Wait-Sequence': positionOf(42) } });
      expect([status, headers['osk-stale']]).toEqual([200, undefined]);
    }
    await app.request('POST', '/search', { body: { query: 'x' }, headers: { 'Osk-Wait-Sequence': positionOf(43) } });
    await app.request('GET', '/api/sessions/s1', { headers: { 'Osk-Wait-Sequence': positionOf(44) } });
    expect(waits.map(([sequence]) => sequence)).toEqual([42, 42, 42, 43, 44]);
    expect(new Set(waits.map(([, timeoutMs]) => timeoutMs))).toEqual(new Set([2_000]));
  });

  it('waits for each of several writes', async () => {
    const waits: number[] = [];
    progress(async (sequence) => waits.push(sequence) > 0 && sequence !== 8);
    expect((await stats([5, 7].map((n) => positionOf(n)).join())).headers['osk-stale']).toBeUndefined();
    expect((await stats([8, 7].map((n) => positionOf(n)).join(', '))).headers['osk-stale']).toBe('true');
    expect(waits).toEqual([5, 7, 8, 7]);
  });

  describe('on a search', () => {
    const events = [
      aSessionSynced({ externalId: 's1', title: 'Fix login' }, { owner }),
      aMessageSynced({ sessionExternalId: 's1', externalId: 'm1', textContent: 'words' }, { owner }),
    ];
    const sequence = 2;
    /** The log after the event of that sequence was projected into the documents. */
    const log = { get: async (asked: number) => (asked === sequence ? raw(events[1]!, sequence) : undefined) };
    const searches = ['/api/search?q=words', '/api/search?q=words&type=hybrid', '/api/search?q=words&type=semantic'];
    const search = (url: string, as = 'ada') =>
      app.request('GET', url, { as, headers: { 'Osk-Wait-Sequence': positionOf(sequence, as) } });

    it.each(searches)('marks an answer without the write: %s', async (url) => {
      app.replace({ events: log });
      const { status, headers } = await search(url);
      expect([status, headers['osk-stale']]).toEqual([200, 'true']);
    });

    it('does not wait for another owner’s write', async () => {
      app.replace({ events: log });
      expect((await search(searches[0]!, 'bob')).headers['osk-stale']).toBeUndefined();
    });

    it('answers with the write once its row is in the index', async () => {
      const { documents, search: index, vectors } = app.resources;
      await storeEvents({ documents }, owner, events);
      const { promise: asked, resolve } = Promise.withResolvers<void>();
      const indexed: typeof index.indexed = (...args) => (resolve(), index.indexed(...args));
      app.replace({ events: log, search: { ...index, indexed, search: index.search.bind(index) } });
      const answer = search(searches[0]!);
      await asked;
      await storeEvents({ search: index, vectors }, owner, events, { vectorOf: () => Float32Array.of(1, 0) });
      const { headers, body } = await answer;
      expect(headers['osk-stale']).toBeUndefined();
      expect(body.results).toHaveLength(1);
      expect((await search(searches[2]!)).headers['osk-stale']).toBeUndefined();
    });
  });

  it('is not waited for if it was not sent', async () => {
    progress(() => Promise.reject(new Error('asked')));
    for (const url of READS) expect((await app.request('GET', url)).status).toBe(200);
  });

  it.each([
    ['time runs out', async () => false],
    ['the log is away', () => Promise.reject(new AppError('UNAVAILABLE', 'no'))],
    ['the log says nothing', () => new Promise<boolean>(() => undefined)],
  ])('marks the answer as stale if %s', async (_what, waitFor) => {
    progress(waitFor);
    const { status, headers } = await stats(positionOf(42));
    expect([status, headers['osk-stale']]).toEqual([200, 'true']);
  });

  it('is refused with 429 while too many requests of the key wait, and other keys still wait', async () => {
    const { promise: applied, resolve: apply } = Promise.withResolvers<boolean>();
    const AT_ONCE = 32;
    let waiting = 0;
    const { promise: full, resolve: fill } = Promise.withResolvers<void>();
    progress(() => (++waiting === AT_ONCE && fill(), applied));
    const waits = Array.from({ length: AT_ONCE }, () => stats(positionOf(42)));
    await full;
    const refused = await stats(positionOf(42));
    expect([refused.status, refused.body.error.code, refused.headers['retry-after']]).toEqual([
      429,
      'RATE_LIMITED',
      '2',
    ]);
    const other = app.request('GET', '/api/stats', { as: 'bob', headers: { 'Osk-Wait-Sequence': positionOf(42) } });
    apply(true);
    expect((await other).status).toBe(200);
    for (const wait of waits) expect((await wait).status).toBe(200);
    expect((await stats(positionOf(42))).status).toBe(200);
  });

  it.each(['', '0', '-1', '1.5', 'abc', '1e3', '99999999999999999999'])('is rejected as %j', async (sequence) => {
    const { status, body } = await stats(sequence);
    expect(status).toBe(400);
    expect(body.error.details).toEqual([expect.objectContaining({ path: 'Osk-Wait-Sequence' })]);
  });
});
