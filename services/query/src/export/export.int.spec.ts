import { createHash } from 'node:crypto';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { AppError } from '@opensync/platform';
import { StoreUnavailableError } from '@opensync/stores';
import { waitFor } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { FORMAT_NAMES } from './formats/formats.ts';
import { eventsOf, exampleSessions } from './testing/example-sessions.ts';

const ada = OWNERS.ada!;
const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Text that an archive cannot make small. */
const incompressible = (seed: number) =>
  Array.from({ length: 150 }, (_, at) => createHash('sha256').update(`${seed} ${at}`).digest('hex')).join(' ');

describe('GET /api/export', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    await storeEvents(app.resources, ada, exampleSessions(ada));
  });
  afterAll(() => app[Symbol.asyncDispose]());
  const get = (query: string, as = 'ada') => app.request('GET', `/api/export?${query}`, { as });

  it.each(FORMAT_NAMES)('has the totals of a small file in headers, and a name for it: %s', async (format) => {
    const { status, headers, trailers } = await get(`format=${format}`);
    expect(status).toBe(200);
    expect(headers['content-disposition']).toMatch(/^attachment; filename="opensync-[\w-]+\.\w+"$/);
    expect(headers['cache-control']).toBe('private, no-store');
    // On a slow machine even this file is streamed.
    expect(Number({ ...trailers, ...headers }['x-export-sessions'])).toBeGreaterThanOrEqual(2);
  });

  it('is the same under the name of the original', async () => {
    const { body } = await app.request('GET', '/api/export/evals?format=deepeval');
    expect(body).toEqual((await get('format=deepeval')).body);
  });

  it('makes a test case of each turn that has an answer', async () => {
    const { body, headers, trailers } = await get('format=deepeval');
    expect({ ...trailers, ...headers }).toMatchObject({ 'x-export-sessions': '2', 'x-export-testcases': '3' });
    expect(body.map(({ input }: { input: string }) => input.slice(0, 10))).toEqual([
      'Fix the fa',
      'Thanks! Ex',
      'file:///et',
    ]);
    const [first, second] = body;
    expect(first).toMatchObject({
      actual_output: 'The cookie was never set. Fixed:\n\n```ts\nsetCookie(session);\n```\n',
      // A golden session's answers are right, and its expected output is about the last one.
      expected_output: 'The cookie was never set. Fixed:\n\n```ts\nsetCookie(session);\n```\n',
      context: ['You are a careful engineer.'],
      tools_called: [
        { name: 'Read', input_parameters: { path: 'src/login.ts' }, output: 'export const login = 1;' },
        { name: 'Bash', input_parameters: { command: 'npm test' }, output: '1 failed' },
      ],
      comments: 'Shows the root cause.',
      additional_metadata: {
        session_id: 'claude-1',
        tool: 'claude-code',
        tags: ['login', 'tests'],
        eval_status: 'golden',
      },
    });
    expect(second.expected_output).toBe('It names the early return, not {{ user }}.');
    expect(second.context).toEqual([
      'You are a careful engineer.',
      expect.stringContaining('Fix the failing'),
      expect.stringContaining('The cookie'),
    ]);
  });

  it.each([
    [
      'turn_mode=final_only',
      [
        ['Thanks', 'Because the'],
        ['file://', 'There are t'],
      ],
    ],
    [
      'turn_mode=full',
      [
        ['Fix the', 'Let me look'],
        ['file://', 'There are t'],
      ],
    ],
    ['code_only=true&source=claude-code', [['Fix the', 'setCookie(s']]],
  ])('with %s', async (query, expected) => {
    const { body } = await get(`format=deepeval&${query}`);
    expect(
      body.map((row: { input: string; actual_output: string }) => [
        row.input.slice(0, expected[0]![0]!.length),
        row.actual_output.slice(0, 11),
      ]),
    ).toMatchObject(expected.map(([input, answer]) => [expect.stringContaining(input!.slice(0, 4)), answer]));
  });

  it('leaves out what was asked to be left out', async () => {
    const { body } = await get(
      'format=deepeval&include_tools=false&include_system=false&include_metadata=false&context_chars=0',
    );
    expect(body[0]).toMatchObject({ context: [], tools_called: [] });
    expect(body[0].additional_metadata).toBeUndefined();
    expect((await get('format=markdown&include_tools=false')).text).not.toContain('npm test');
  });

  it.each([
    ['source=codex-cli', ['codex-1']],
    ['tool=codex-cli', ['codex-1']],
    ['status=golden', ['claude-1']],
    ['evalStatus=golden', ['claude-1']],
    ['tags=tests,other', ['claude-1']],
    ['tag=tests', ['claude-1']],
    ['eval_ready=true', ['claude-1']],
    ['eval_ready=false', ['codex-1', 'empty-1']],
    ['min_tokens=1', ['claude-1']],
    ['date_from=2026-01-15&date_to=2026-01-15', ['claude-1', 'codex-1', 'empty-1']],
    ['limit=1', ['claude-1']],
    ['limit=1&order=asc', ['empty-1']],
    ['id=codex-1', ['codex-1']],
  ])('exports the sessions of %s', async (query, expected) => {
    const { text } = await get(`format=csv&${query}`);
    const ids = text
      .trim()
      .split('\r\n')
      .slice(1)
      .map((row) => row.split(',')[1]);
    expect(ids).toEqual(expected);
  });

  it.each([
    ['format=word', 'format'],
    ['turn_mode=conversation&format=openai', 'turn_mode'],
    ['part=registry&format=json', 'part'],
    ['date_to=2026-02-31x', 'date_to'],
    ['limit=0', 'limit'],
    ['anonymize=perhaps', 'anonymize'],
    ['colour=red', 'colour'],
  ])('rejects %s', async (query, path) => {
    const { status, body } = await get(query);
    expect([status, body.error.details[0].path]).toEqual([400, path]);
  });

  it('answers 404 if nothing matches, as the original does, and for sessions of others', async () => {
    for (const query of ['source=none', 'source=none&archive=zip', 'format=openai&id=empty-1', 'id=unknown']) {
      expect([query, (await get(query)).status]).toEqual([query, 404]);
    }
    expect((await get('format=json', 'bob')).status).toBe(404);
    expect((await get('id=claude-1', 'bob')).status).toBe(404);
    expect((await get('format=json', 'cid')).status).toBe(404);
  });

  it('needs a key with the scope read', async () => {
    expect((await get('', 'ada-ingest')).status).toBe(403);
    expect((await get('', 'nobody')).status).toBe(401);
  });

  it('exports one session in the original’s forms', async () => {
    const { body } = await get('id=claude-1&format=json');
    expect(body).toMatchObject({
      session: { title: 'Fix the failing login test', model: 'claude-sonnet-4-5' },
      messages: expect.arrayContaining([
        expect.objectContaining({ role: 'system', content: 'You are a careful engineer.' }),
      ]),
    });
    const rows = lines((await get('id=claude-1&format=jsonl')).text);
    expect(rows[1]).toMatchObject({ role: 'user', sessionExternalId: 'claude-1' });
    expect((await get('id=claude-1&format=markdown')).text).toMatch(/^# Fix the failing login test\n/);
    expect((await get('id=claude-1&format=atif')).headers['content-disposition']).toContain('.json"');
  });

  it('returns the companion file of a format alone', async () => {
    expect((await get('format=openai&part=registry')).text).toContain('samples_jsonl: opensync/samples.jsonl');
    expect((await get('format=openai-api&part=schema')).body).toMatchObject({ type: 'custom' });
  });

  it('anonymizes everything, the same way each time', async () => {
    for (const format of FORMAT_NAMES.filter((name) => !['files', 'filesystem'].includes(name))) {
      const once = (await get(`format=${format}&anonymize=true`)).text;
      expect([format, once.match(/billing-falcon|\/home\/ada|claude-1|ses_01|Ada/g)]).toEqual([format, null]);
      expect((await get(`format=${format}&anonymize=true`)).text).toBe(once);
    }
  });

  it('answers HEAD without making the file', async () => {
    const { status, bytes } = await app.get('/api/export?format=json', {}, 'HEAD');
    expect([status, bytes.length]).toEqual([200, 0]);
  });
});

describe('a long export', () => {
  let app: QueryApp;
  const count = 40;
  beforeAll(async () => {
    app = await startQueryApp();
    const long = Array.from({ length: 8 }, (_, at) => ({
      role: at % 2 ? 'assistant' : 'user',
      text: incompressible(at),
    }));
    for (let at = 0; at < count; at++) {
      await storeEvents(app.resources, ada, eventsOf(ada, `long-${at}`, { title: `Long ${at}` }, long), {
        first: 1 + at * 10,
      });
    }
  });
  afterEach(() => app.restore());
  afterAll(() => app[Symbol.asyncDispose]());

  async function open(path: string): Promise<IncomingMessage> {
    const url = `${await app.listen()}${path}`;
    const headers = { authorization: 'Bearer osk_ada', connection: 'close' };
    return new Promise((resolve, reject) => httpGet(url, { headers }, resolve).once('error', reject));
  }
  async function stream(path: string) {
    const answer = await open(path);
    const text = await textOf(answer);
    return { status: answer.statusCode, headers: answer.headers, trailers: answer.trailers, text };
  }

  it('is streamed, with its totals in trailers', async () => {
    const { status, headers, trailers, text } = await stream('/api/export?format=openai&context_chars=0');
    expect(status).toBe(200);
    expect(headers['x-export-sessions']).toBeUndefined();
    expect(trailers).toEqual({ 'x-export-sessions': String(count), 'x-export-testcases': String(4 * count) });
    expect(lines(text)).toHaveLength(4 * count);
  });

  it.each(['json', 'openai', 'markdown', 'files', 'atif'])(
    'that fails in the middle does not look complete: %s',
    async (format) => {
      let reads = 0;
      const { documents } = app.resources;
      const failing = Object.assign(Object.create(documents) as typeof documents, {
        messageKeys: (...query: Parameters<typeof documents.messageKeys>) => {
          if (++reads > count - 5) throw new StoreUnavailableError('documents');
          return documents.messageKeys(...query);
        },
      });
      app.replace({ documents: failing });
      await expect(stream(`/api/export?format=${format}&context_chars=0`)).rejects.toThrow();
      expect(app.resources.exportTurns.used).toBe(0);
    },
  );

  it('that cannot begin is an error', async () => {
    app.replace({
      documents: Object.assign(Object.create(app.resources.documents) as QueryApp['resources']['documents'], {
        sessions: () => Promise.reject(new StoreUnavailableError('documents')),
      }),
    });
    expect((await app.request('GET', '/api/export')).status).toBe(503);
  });

  it('ends with its client, and is made only as fast as it is read', async () => {
    let reads = 0;
    const { documents } = app.resources;
    app.replace({
      documents: Object.assign(Object.create(documents) as typeof documents, {
        messageKeys: (...query: Parameters<typeof documents.messageKeys>) => {
          reads++;
          return documents.messageKeys(...query);
        },
      }),
    });
    for (const format of ['json', 'files']) {
      reads = 0;
      const answer = await open(`/api/export?format=${format}`);
      await waitFor(() => reads > 0);
      await waitFor(() => app.resources.exportTurns.used === 1);
      answer.destroy();
      await waitFor(() => app.resources.exportTurns.used === 0);
      expect(reads).toBeLessThan(count);
    }
  });

  it('waits for its turn, and is refused if too many wait', async () => {
    const { exportTurns } = app.resources;
    const turns = await Promise.all([exportTurns.acquire('ada', 1), exportTurns.acquire('bob', 1)]);
    for (const release of turns) release();
    app.replace({
      exportTurns: Object.assign(Object.create(exportTurns) as typeof exportTurns, {
        acquire: () => Promise.reject(new AppError('UNAVAILABLE', 'Too many exports', { retryAfter: 30 })),
      }),
    });
    const { status, headers } = await app.request('GET', '/api/export');
    expect([status, headers['retry-after']]).toEqual([503, '30']);
  });
});
