import { randomBytes } from 'node:crypto';
import { openPeople } from '@opensync/event-log/testing';
import { waitFor } from '@opensync/testkit';
import { send, type Member } from '@opensync/testkit/access';
import { startTarget, type Target } from './harness/target.ts';

const SECRET = 'xylophonic';
/** The job that verifies runs each minute. */
const VERIFIED_MS = 120_000;

interface Certificate {
  readonly state: string;
  readonly erased: { readonly sessions?: number };
  readonly verified: Readonly<Record<string, number>>;
}

describe('a person who erases themselves', () => {
  let target: Target;
  let gone: Member;
  let other: Member;
  beforeAll(async () => {
    target = await startTarget();
    await using people = await openPeople(await target.log());
    const name = randomBytes(6).toString('hex');
    other = await people.member(`other-${name}@example.com`, `erasure-${name}`);
    gone = await people.member(`gone-${name}@example.com`, `erasure-${name}`);
  });
  afterAll(() => target?.stop());

  const ask = (key: string | undefined, path: string, json?: object, method?: string) =>
    send({ url: target.url, key }, { path, ...(json && { json }) }, method);
  const written = async ({ keys }: Member) => {
    const image = randomBytes(400_000).toString('base64');
    const answer = await ask(keys.ingest, '/sync/batch', {
      sessions: ['kept', 'shared', 'trash'].map((externalId) => ({ externalId, title: `Title ${SECRET}` })),
      messages: ['kept', 'shared', 'trash'].map((sessionExternalId) => ({
        ...{ sessionExternalId, externalId: 'm', role: 'user', textContent: `About ${SECRET} things` },
        parts: [{ type: 'image', mediaType: 'image/png', data: image }],
      })),
    });
    expect(answer.status).toBe(200);
    const path = `/api/receipts/${answer.headers.get('osk-sequence')}`;
    await waitFor(async () => (await ask(keys.read, path)).text.includes('"embedded":true'), {
      ...{ timeoutMs: VERIFIED_MS, what: 'the sessions to be embedded' },
    });
  };
  const found = async ({ keys }: Member) => {
    const { body } = await ask(keys.read, '/search', { query: SECRET, type: 'fulltext' });
    return (body as { results: unknown[] }).results.length;
  };

  it('is gone at once, for themselves and for others, and verified in every store, also after a restart', async () => {
    await written(gone);
    await written(other);
    const { admin, read } = gone.keys;
    expect((await ask(admin, '/api/sessions/shared', { visibility: 'workspace' }, 'PATCH')).status).toBe(200);
    expect((await ask(admin, '/api/sessions/trash', undefined, 'DELETE')).status).toBe(200);
    const { publicSlug } = (await ask(admin, '/api/sessions/kept', { isPublic: true }, 'PATCH')).body as {
      publicSlug: string;
    };
    await waitFor(async () => (await ask(undefined, `/public/${publicSlug}`)).status === 200, { what: 'the link' });
    await waitFor(async () => (await found(other)) === 4, { timeoutMs: VERIFIED_MS, what: 'the shared session' });

    const wrong = await ask(admin, '/api/me', { confirm: other.owner.userId }, 'DELETE');
    expect(wrong.status).toBe(400);
    const last = await ask(other.keys.admin, '/api/me', { confirm: other.owner.userId }, 'DELETE');
    expect(last).toMatchObject({ status: 409, body: { error: { code: 'CONFLICT' } } });
    const answer = await ask(admin, '/api/me', { confirm: gone.owner.userId }, 'DELETE');
    expect(answer.status).toBe(202);
    const { erasureId } = answer.body as { erasureId: string };

    const isGone = async () => {
      await waitFor(async () => (await ask(read, '/api/sessions')).status === 401, { what: 'the key to end' });
      await waitFor(async () => (await ask(undefined, `/public/${publicSlug}`)).status === 404, { what: 'the link' });
      await waitFor(async () => (await found(other)) === 3, { timeoutMs: VERIFIED_MS, what: 'the shared session' });
      const { text } = await ask(other.keys.read, '/api/members');
      expect(text).toContain(other.owner.userId);
      expect(text).not.toContain(gone.owner.userId);
      expect((await ask(other.keys.read, '/api/sessions')).text).not.toContain(gone.owner.userId);
    };
    await isGone();
    const certificate = async () => (await ask(undefined, `/api/erasures/${erasureId}`)).body as Certificate;
    // It runs each minute by itself.
    const { operator } = other.keys;
    await waitFor(async () => (await ask(operator, '/api/jobs/erasures/run', {})).status === 202);
    await waitFor(async () => 'vectors' in (await certificate()).verified, {
      ...{ timeoutMs: VERIFIED_MS, what: 'the stores to be verified' },
    });
    expect(await certificate()).toMatchObject({ state: 'erasing', erased: { sessions: 3, keys: 4 } });

    await target.kill();
    await target.start();
    await isGone();
    expect((await certificate()).verified).toHaveProperty('documents');
    expect(await found(other)).toBe(3);
  });
});
