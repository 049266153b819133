import { gzipSync } from 'node:zlib';
import { KEYED_ROUTES, waitFor } from '@opensync/testkit';
import type { Api, SessionPage } from './harness/api.ts';
import { rawRequest, type RawRequest } from './harness/raw-request.ts';
import { startTarget, type Target } from './harness/target.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const GZIP = { ...JSON_TYPE, 'content-encoding': 'gzip' };
const MEBIBYTE = 1024 * 1024;
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** Bodies that no route that takes one may accept, and what it must say. */
const BODIES: readonly [name: string, status: number, code: string, Omit<RawRequest, 'path'>][] = [
  ['an empty body', 400, 'INVALID_REQUEST', { headers: JSON_TYPE, body: '' }],
  ['a body that breaks off', 400, 'INVALID_REQUEST', { headers: JSON_TYPE, body: '{"externalId":' }],
  ['a number', 400, 'INVALID_REQUEST', { headers: JSON_TYPE, body: '7' }],
  ['null', 400, 'INVALID_REQUEST', { headers: JSON_TYPE, body: 'null' }],
  ['an array', 400, 'INVALID_REQUEST', { headers: JSON_TYPE, body: '[{}]' }],
  ['10,000-deep JSON', 400, 'INVALID_REQUEST', { headers: JSON_TYPE, body: nested(10_000) }],
  ['gzip that is none', 400, 'INVALID_REQUEST', { headers: GZIP, body: 'not gzip at all' }],
  ['gzip that breaks off', 400, 'INVALID_REQUEST', { headers: GZIP, body: gzipSync('{"a":1}').subarray(0, 12) }],
  [
    'invalid UTF-8',
    400,
    'INVALID_REQUEST',
    { headers: JSON_TYPE, body: Buffer.from('{"title":"\xff\xfe"}', 'latin1') },
  ],
  ['20 MiB', 413, 'PAYLOAD_TOO_LARGE', { headers: JSON_TYPE, body: Buffer.alloc(20 * MEBIBYTE, ' ') }],
  ['20 MiB, compressed', 413, 'PAYLOAD_TOO_LARGE', { headers: GZIP, body: gzipSync(Buffer.alloc(20 * MEBIBYTE, ' ')) }],
  ['XML', 415, 'UNSUPPORTED_MEDIA_TYPE', { headers: { 'content-type': 'application/xml' }, body: '<a/>' }],
  [
    'an encoding that nobody knows',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    { headers: { ...GZIP, 'content-encoding': 'lzma' }, body: '{}' },
  ],
];

/** Items that are none without their ids; `path` is what the answer must point at. */
const SESSIONS: readonly [name: string, json: string, path: string][] = [
  ['no id', '{"title":"x"}', 'externalId'],
  ['an empty id', '{"externalId":""}', 'externalId'],
  ['an object as id', '{"externalId":{"$ne":null}}', 'externalId'],
  ['a number as id that is not exact', '{"externalId":12345678901234567890}', 'externalId'],
  ['a huge id', JSON.stringify({ externalId: 'x'.repeat(10_000) }), 'externalId'],
  ['an id in __proto__', '{"__proto__":{"externalId":"hostile"}}', 'externalId'],
];
const MESSAGES: readonly [name: string, json: string, path: string][] = [
  ['no session', '{"externalId":"m"}', 'sessionExternalId'],
  ['no id', '{"sessionExternalId":"hostile"}', 'externalId'],
  ['a list as id', '{"sessionExternalId":"hostile","externalId":[]}', 'externalId'],
];

/** Values that cost only themselves: `path` is what the warning must point at, if there is one; the rest is stored. */
const ODD_SESSIONS: readonly [name: string, json: string, path: string | undefined][] = [
  ['a number as title', '{"title":5}', 'title'],
  ['an object as source', '{"source":{}}', 'source'],
  ['negative tokens', '{"promptTokens":-1}', 'promptTokens'],
  ['tokens beyond any number', '{"promptTokens":1e999}', 'promptTokens'],
  ['tokens as text', '{"promptTokens":"many"}', 'promptTokens'],
  ['a date that is none', '{"createdAt":"the day before"}', 'createdAt'],
  ['half a surrogate pair', '{"title":"\\ud800"}', 'title'],
  ['half of one in a key', '{"\\udfff":1}', undefined],
  ['__proto__', '{"__proto__":{"admin":true}}', undefined],
  ['10,000 levels', `{"title":${nested(10_000)}}`, 'title'],
  ['100,000 characters', JSON.stringify({ title: 'x'.repeat(100_000) }), 'title'],
];
const ODD_MESSAGES: readonly [name: string, json: string, path: string | undefined][] = [
  ['a number as text', '{"textContent":1}', 'textContent'],
  ['parts that are none', '{"parts":7}', 'parts'],
  ['a part that is none', '{"parts":[null,{"type":"text","content":"x"}]}', 'parts.0'],
  [
    'half a surrogate pair deep in a part',
    '{"parts":[{"type":"tool-call","content":{"args":["\\udc00"]}}]}',
    'parts.0',
  ],
  ['__proto__ deep in a part', '{"parts":[{"type":"x","content":{"__proto__":1}}]}', 'parts.0'],
  ['10,000 levels in a part', `{"parts":[{"type":"x","content":${nested(10_000)}}]}`, 'parts.0'],
];

const READS = (
  [
    ['an unknown route', 404, '/api/nothing'],
    ['a path that climbs', 404, '/../../etc/passwd'],
    ['a path that does not decode', 400, '/api/sessions/%E0%A4%A'],
    ['an id that is none', 404, '/api/sessions/ses_0'],
    ['an id with NUL', 404, '/api/sessions/%00'],
    ['an id of 5,000 characters', 400, `/api/sessions/${'x'.repeat(5000)}`],
    ['limit zero', 400, '/api/sessions?limit=0'],
    ['a limit beyond the largest', 400, '/api/sessions?limit=201'],
    ['a limit that is no number', 400, '/api/sessions?limit=ten'],
    ['a made-up cursor', 400, '/api/sessions?cursor=bm9uc2Vuc2U'],
    ['a date that is none', 400, '/api/sessions?from=sometime'],
    ['an unknown sort', 400, '/api/sessions?sort=secrets'],
    ['an unknown order', 400, '/api/sessions?order=sideways'],
    ['no id at all', 400, '/api/sessions/get'],
    ['a made-up message cursor', 400, '/api/sessions/kept?messageCursor=bm9uc2Vuc2U'],
    ['a search without words', 400, '/api/search'],
    ['a search of an unknown type', 400, '/api/search?q=x&type=psychic'],
    ['a search limit that is no number', 400, '/api/search?q=x&limit=many'],
    ['a receipt of a sequence of the log', 400, '/api/receipts/1'],
    ['a receipt of a made-up position', 404, `/api/receipts/pos_${'A'.repeat(22)}`],
    ['a receipt of zero', 400, '/api/receipts/0'],
    ['a receipt of a word', 400, '/api/receipts/first'],
    ['a receipt of an endless position', 400, `/api/receipts/pos_${'A'.repeat(1_000)}`],
    ['a wait for a word', 400, '/api/stats', { 'osk-wait-sequence': 'soon' }],
    ['a wait for a sequence of the log', 400, '/api/stats', { 'osk-wait-sequence': '1' }],
    ['a wait for very many', 400, '/api/stats', { 'osk-wait-sequence': 'pos_,'.repeat(1_000) }],
  ] as [name: string, status: number, path: string, headers?: Record<string, string>][]
)
  // Jest treats an omitted argument of a row as a callback.
  .map(([name, status, path, headers]) => ({ name, status, path, headers: headers ?? {} }));

/** Queries that break a careless full-text engine. All are plain words to us: an answer, never an error. */
const QUERIES = [
  '"unbalanced',
  '(a AND (b OR',
  'NEAR(a b, 5)',
  'title:secret',
  '*',
  '^',
  '-',
  '- -- ---',
  '""',
  "'; DROP TABLE messages; --",
  '{a b}:c + d',
  '\u0000',
  '\ud83d\ude00 \u202e',
  '\ud800',
  'a '.repeat(5000),
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
  '%_\\',
];

/** What is there before and after whatever is tried. */
const KEPT = {
  ...{ session: 'kept', sequence: `pos_${'A'.repeat(22)}`, words: 'kept' },
  ...{ message: 'msg_kept', sha256: '0'.repeat(64) },
};

describe('hostile input', () => {
  let target: Target;
  let api: Api;
  let authorization: { authorization: string };

  beforeAll(async () => {
    // Wrong keys on every route are more than an address has in a minute.
    target = await startTarget({ OPENSYNC_WRONG_KEY_LIMIT: '0' });
    api = await target.api('ada@example.com');
    authorization = { authorization: `Bearer ${api.key}` };
    const sequence = await api.syncSession({ externalId: 'kept', title: 'Kept' });
    await api.session('kept', sequence);
  });
  afterAll(() => target?.stop());

  // Whatever was sent: the product serves, and says what it said before.
  afterEach(async () => {
    for (const path of ['/health', '/livez', '/readyz']) {
      expect({ path, status: (await api.request(path)).status }).toEqual({ path, status: 200 });
    }
    expect(await api.session('kept')).toMatchObject({ title: 'Kept', messageCount: 0 });
  });

  async function expectError(given: RawRequest, status: number, code?: string) {
    const answer = await rawRequest(target.url, { ...given, headers: { ...authorization, ...given.headers } });
    expect({ status: answer.status, body: answer.text }).toMatchObject({ status });
    const { error } = answer.json();
    expect(error).toMatchObject({ message: expect.stringMatching(/\S/), requestId: expect.stringMatching(/\S/) });
    if (code !== undefined) expect(error.code).toBe(code);
    expect(answer.text).not.toMatch(/node_modules|\bat \S+ \(|osk_/);
    return error;
  }

  describe.each(['/sync/session', '/sync/message', '/sync/batch', '/sync/metadata', '/search'])('to %s', (path) => {
    it.each(BODIES)('%s: %i %s', (_name, status, code, given) =>
      expectError({ path, ...given }, status, code).then(() => {}),
    );
  });

  it.each(SESSIONS)('a session with %s', async (_name, body, path) => {
    const { details } = await expectError({ path: '/sync/session', headers: JSON_TYPE, body }, 400, 'INVALID_REQUEST');
    expect(details!.map((detail) => detail.path)).toContain(path);
  });

  it.each(MESSAGES)('a message with %s', async (_name, body, path) => {
    const { details } = await expectError({ path: '/sync/message', headers: JSON_TYPE, body }, 400, 'INVALID_REQUEST');
    expect(details!.map((detail) => detail.path)).toContain(path);
  });

  it('a batch of nothing but bad items: each is named, none is stored', async () => {
    const [sessions, messages] = [SESSIONS, MESSAGES].map((items) => items.map(([, json]) => json).join());
    const { status, json } = await rawRequest(target.url, {
      path: '/sync/batch',
      headers: { ...authorization, ...JSON_TYPE },
      body: `{"sessions":[${sessions}],"messages":[${messages}]}`,
    });
    expect(status).toBe(207);
    const answer = json() as unknown as {
      ok: boolean;
      sessions: number;
      messages: number;
      results: { error?: { code: string } }[];
    };
    expect(answer).toMatchObject({ ok: false, sessions: 0, messages: 0 });
    expect(answer.results.map(({ error }) => error?.code)).toEqual(
      [...SESSIONS, ...MESSAGES].map(() => 'INVALID_REQUEST'),
    );
  });

  it('a batch whose lists are not lists: each value is an invalid item', async () => {
    const { status, body } = await api.request('/sync/batch', { json: { sessions: 'all', messages: { 0: {} } } });
    expect({ status, body }).toMatchObject({ status: 207, body: { ok: false, sessions: 0, messages: 0 } });
  });

  it.each([
    ...ODD_SESSIONS.map(([name, json, path]) => ({
      name,
      json,
      path,
      route: '/sync/session',
      ids: '"externalId":"odd","model":"m"',
    })),
    ...ODD_MESSAGES.map(([name, json, path]) => ({
      name,
      json,
      path,
      route: '/sync/message',
      ids: '"sessionExternalId":"odd","externalId":"odd","model":"m"',
    })),
  ])('$name, sent to $route, costs only itself', async ({ json, path, route, ids }) => {
    const before = await api.session('odd').catch(() => undefined);
    const answer = await rawRequest(target.url, {
      path: route,
      headers: { ...authorization, ...JSON_TYPE },
      body: `{${ids},${json.slice(1)}`,
    });
    const body = answer.json() as unknown as { ok: boolean; warnings?: { path: string; message: string }[] };
    expect({ status: answer.status, body }).toMatchObject({ status: 200, body: { ok: true } });
    const paths = (body.warnings ?? []).map((warning) => warning.path);
    if (path === undefined) expect(paths).toEqual([]);
    else expect(paths.some((found) => found === path || found.startsWith(`${path}.`))).toBe(true);
    const page = await waitFor(async () => {
      const now = await api.session('odd').catch(() => undefined);
      return now && now.updatedAt !== before?.updatedAt && now;
    });
    expect(route === '/sync/session' ? page.model : page.messages[0]!.model).toBe('m');
  });

  it.each(READS)('a read of $name: $status', async ({ status, path, headers }) => {
    await expectError({ method: 'GET', path, headers }, status, status === 404 ? 'NOT_FOUND' : 'INVALID_REQUEST');
  });

  it.each([
    ['GET', '/sync/session'],
    ['PUT', '/sync/message'],
    ['DELETE', '/sync/batch'],
    ['GET', '/search'],
    ['POST', '/api/sessions'],
    ['PATCH', '/api/stats'],
  ])('the wrong method: %s %s', async (method, path) => {
    await expectError({ method, path, headers: JSON_TYPE, body: '{}' }, 405, 'METHOD_NOT_ALLOWED');
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['another scheme', 'Basic b3NrOm9zaw=='],
    ['no token', 'Bearer '],
    ['a token of another make', 'Bearer sk-123'],
    ['a key that nobody was given', `Bearer osk_${'a'.repeat(43)}`],
    ['two keys', 'Bearer osk_a osk_b'],
    ['a very long key', `Bearer osk_${'a'.repeat(12_000)}`],
  ])('authorization that is %s', async (_name, value) => {
    for (const { method, call } of KEYED_ROUTES) {
      const { path, json } = call(KEPT);
      const answer = await rawRequest(target.url, {
        method,
        path,
        headers: { ...JSON_TYPE, ...(value !== undefined && { authorization: value }) },
        ...(json && { body: JSON.stringify(json) }),
      });
      expect({ path, status: answer.status, code: answer.json().error.code }).toEqual({
        path,
        status: 401,
        code: 'UNAUTHORIZED',
      });
    }
  });

  it('a client without a key that announces a body and does not send it', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': '1000000' };
    for (const authorization of ['', 'Bearer osk_not-a-key-of-this-server']) {
      const given = { ...headers, ...(authorization && { authorization }) };
      const answer = await rawRequest(target.url, { path: '/sync/message', headers: given, body: '{' });
      expect([answer.status, answer.json().error.code]).toEqual([401, 'UNAUTHORIZED']);
    }
  });

  it('a key that was revoked', async () => {
    const leaver = await target.api('leaver@example.com');
    expect((await leaver.request('/api/stats')).status).toBe(200);
    await target.revoke(leaver);
    for (const { method, call } of KEYED_ROUTES) {
      const { path, json } = call(KEPT);
      const { status } = await leaver.request(path, { method, json });
      expect({ path, status }).toEqual({ path, status: 401 });
    }
  });

  it.each(['fulltext', 'semantic', 'hybrid'] as const)('search syntax is only words to %s', async (type) => {
    for (const query of QUERIES) {
      // Nothing to search for may be refused; it may not break.
      const { status, body } = await api.request('/search', { json: { query, type } });
      if (status !== 400) expect({ query, status, body }).toMatchObject({ query, status: 200 });
    }
  });

  it('text with NUL and odd Unicode, which comes back as it was', async () => {
    const textContent =
      'NUL \u0000 between, RTL \u202e\u05d0, BOM \ufeff, ZWJ \ud83d\udc69\u200d\ud83d\ude80, e\u0301 \u00e9, \u{1d4b3}, \uffff \u007f';
    const args = { 'k\u0000ey': textContent, constructor: 'x', 'a.b': [null, true, 1e-7] };
    const sequence = await api.syncMessage({
      sessionExternalId: 'odd \u0000 id \ud83e\udd96',
      externalId: 'm\u0000',
      role: 'user',
      textContent,
      parts: [{ type: 'tool-call', content: { toolName: 'Odd', args } }],
    });
    // As a parameter: nginx refuses a path with NUL.
    const page = await api.get<Pick<SessionPage, 'messages'>>(
      `/api/sessions/get?id=${encodeURIComponent('odd \u0000 id \ud83e\udd96')}`,
      {
        'osk-wait-sequence': sequence,
      },
    );
    expect(page.messages).toMatchObject([
      { externalId: 'm\u0000', textContent, parts: [{ type: 'tool-call', content: { toolName: 'Odd', args } }] },
    ]);
  });
});
