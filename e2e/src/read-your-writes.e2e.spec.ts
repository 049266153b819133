import { positionOf, type Api } from './harness/api.ts';
import { readHolder } from './harness/positions.ts';
import { embedded, searchable, type Receipt } from './harness/settled.ts';
import { startTarget, type Target } from './harness/target.ts';

describe('a write and what is read after it', () => {
  let target: Target;
  let api: Api;

  beforeAll(async () => {
    target = await startTarget();
    api = await target.api('ada@example.com');
  });
  afterAll(() => target?.stop());

  it('has a position, and a read that waits for it shows it, every time', async () => {
    for (let round = 1; round <= 50; round++) {
      const { headers } = await api.request('/sync/session', {
        json: { externalId: 'rounds', title: `Round ${round}` },
      });
      const wait = { 'osk-wait-sequence': positionOf(headers) };
      const read = await api.request('/api/sessions/rounds', { headers: wait });
      expect(read.headers.has('osk-stale')).toBe(false);
      expect(read.body).toMatchObject({ title: `Round ${round}` });
      const listed = await api.request('/api/sessions?limit=1', { headers: wait });
      expect(listed.body).toMatchObject({ sessions: [{ title: `Round ${round}` }] });
    }
  });

  it('is refused at once if it names a write that does not exist', async () => {
    const { positions } = await readHolder(target, api);
    const startedAt = performance.now();
    const { status, body } = await api.request('/api/stats', {
      headers: { 'osk-wait-sequence': positions.encode(999_999_999) },
    });
    expect({ status, body }).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REQUEST' } } });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it('has a receipt that finally shows it in documents, full text and vectors', async () => {
    const sequences = [
      await api.syncSession({ externalId: 'receipts', title: 'A walk along the river' }),
      await api.syncMessage({
        sessionExternalId: 'receipts',
        externalId: 'm',
        role: 'user',
        textContent: 'Herons everywhere',
      }),
      // Nothing new: it is no less stored, found and embedded.
      await api.syncSession({ externalId: 'receipts', title: 'A walk along the river' }),
      await api.syncMessage({
        sessionExternalId: 'receipts',
        externalId: 'tool',
        role: 'assistant',
        parts: [{ type: 'tool-call', content: { toolName: 'Bash', args: { command: 'ls' } } }],
      }),
    ];
    for (const sequence of sequences) {
      await searchable(api, sequence);
      await embedded(api, sequence);
      expect(await api.get<Receipt>(`/api/receipts/${sequence}`)).toMatchObject({
        ...{ sequence, stored: true, documents: true, searchable: true, embedded: true },
      });
    }
    for (const type of ['fulltext', 'semantic', 'hybrid'] as const) {
      const { results, degraded } = await api.search(type === 'semantic' ? 'birds at the water' : 'herons', type);
      expect(degraded).toBeUndefined();
      expect(results[0]).toMatchObject({ title: 'A walk along the river' });
    }
    const { results } = await api.search('herons everywhere', 'hybrid');
    expect(results[0]!.matchedIn).toEqual(['fulltext', 'semantic']);
  });

  it('is paged through without gaps or repetitions while more is written', async () => {
    const pager = await target.api('pager@example.com');
    const externalIds = Array.from({ length: 23 }, (_, index) => `page-${index}`);
    await pager.syncBatch({ sessions: externalIds.map((externalId) => ({ externalId })) });
    const message = { sessionExternalId: 'page-0', role: 'user' };
    const last = await pager.syncBatch({
      messages: externalIds.map((externalId, index) => ({
        ...message,
        externalId,
        createdAt: 1_760_000_000_000 + (index >> 2),
      })),
    });
    await pager.session('page-0', last);

    const first = await pager.get<{ sessions: { externalId: string }[]; cursor: string }>('/api/sessions?limit=7');
    await pager.session('newer', await pager.syncSession({ externalId: 'newer' }));
    const seen = first.sessions.map(({ externalId }) => externalId);
    for (let cursor: string | null = first.cursor; cursor;) {
      const page: { sessions: { externalId: string }[]; cursor: string | null } = await pager.get(
        `/api/sessions?limit=7&cursor=${cursor}`,
      );
      seen.push(...page.sessions.map(({ externalId }) => externalId));
      cursor = page.cursor;
    }
    expect(seen.sort()).toEqual([...externalIds].sort());

    const messages: string[] = [];
    for (let cursor: string | null | undefined = ''; cursor != null;) {
      const page: { messages: { externalId: string }[]; messageCursor: string | null } = await pager.get(
        `/api/sessions/page-0?messageLimit=5&messageCursor=${cursor}`,
      );
      messages.push(...page.messages.map(({ externalId }) => externalId));
      cursor = page.messageCursor;
    }
    expect(messages).toEqual(externalIds);
  });
});
