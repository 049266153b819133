import { aSessionSynced } from '@opensync/testkit';
import { READ_ROUTES } from './read-routes.ts';
import { OWNERS, positionOf, startQueryApp, type QueryApp } from './testing/query-app.ts';
import { storeEvents } from './testing/stored-events.ts';

const INSTANT =
  'must be milliseconds since the epoch, or an ISO 8601 date such as 2026-01-31 or 2026-01-31T09:30:00Z, from 1970 on';
const limit = (most: string) => `must be a whole number from 1 to ${most}`;
const NO_NUMBERS = ['0', '-1', '10.5', '1e2', '0x10', ' 5', '٣', 'many', 'null', '99999999999999999999', '%00'];

const NO_CURSOR = 'is not a cursor of this list: leave it out to start at the beginning';

const FACETS = 'must be some of source, model, provider, project, tag, user, evalStatus, role, tool';

type Faults = Readonly<Record<string, readonly (readonly [values: readonly string[], message: string])[]>>;

const FILTERS: Faults = {
  source: [[['x'.repeat(4_097)], 'is longer than 4,096 characters']],
  model: [[['x'.repeat(4_097)], 'is longer than 4,096 characters']],
  project: [[['x'.repeat(4_097)], 'is longer than 4,096 characters']],
  from: [[['soon', '-1', '2026-02-30', '1.5', '99999999999999999999'], INSTANT]],
  to: [[['soon', '2026-13-01', 'NaN'], INSTANT]],
  provider: [[['x'.repeat(4_097)], 'is longer than 4,096 characters']],
  user: [[['x'.repeat(257)], 'is longer than 256 characters']],
  evalStatus: [[['good', 'GOLDEN', 'golden,correct'], 'must be one of golden, correct, incorrect, needs_review']],
  tag: [[['x'.repeat(65)], 'is longer than 64 characters']],
  parent: [[['x'.repeat(257)], 'is longer than 256 characters']],
  hasErrors: [[['yes', '1', 'TRUE', 'true,false'], 'must be true or false']],
};
const MESSAGE_FILTERS: Faults = {
  role: [[['x'.repeat(257)], 'is longer than 256 characters']],
  tool: [[['x'.repeat(257)], 'is longer than 256 characters']],
};
const MEDIA: Faults[string] = [[['none', 'LINK', 'link,inline'], 'must be one of link, inline']];
const TYPE: Faults[string] = [
  [['fuzzy', 'FULLTEXT', 'fulltext,semantic'], 'must be one of fulltext, semantic, hybrid'],
];

const ANCHOR: Faults[string] = [
  [['abc', 'mps_abc', `mps_${'A'.repeat(22)}`], 'is neither a position nor the id of a message of this session'],
  [['x'.repeat(513)], 'is longer than 512 characters'],
];

const WRAPPED: Faults = {
  of: [[['us', 'ME', 'me,workspace'], 'must be one of me, workspace']],
  tz: [
    [['Mars/Olympus', 'x'], 'must be a time zone of the IANA database, such as Europe/Berlin'],
    [['x'.repeat(65)], 'is longer than 64 characters'],
  ],
};

/** Every parameter of every read with rejected values, and the error for them. */
const QUERIES: Readonly<Record<string, Faults>> = {
  'GET /api/sessions': {
    ...FILTERS,
    minTokens: [[NO_NUMBERS.slice(1), 'must be a whole number from 0 to 9,007,199,254,740,991']],
    limit: [[[...NO_NUMBERS, '201'], limit('200')]],
    cursor: [
      [['abc', 'bm9uc2Vuc2U'], 'is not a cursor of this list: leave it out to start at the beginning'],
      [['x'.repeat(8_001)], 'is longer than 8,000 characters'],
    ],
    sort: [[['title', 'created_at', 'updatedat'], 'must be one of createdAt, updatedAt']],
    order: [[['up', 'DESC', '-1'], 'must be one of asc, desc']],
  },
  'GET /api/sessions/:id': {
    messageLimit: [[[...NO_NUMBERS, '1001'], limit('1,000')]],
    messageCursor: [
      [['abc'], 'is not a cursor of this list: leave it out to start at the beginning'],
      [['x'.repeat(1_001)], 'is longer than 1,000 characters'],
    ],
    after: ANCHOR,
    before: ANCHOR,
    around: ANCHOR,
    preview: [[[...NO_NUMBERS, '99', '100001'], 'must be a whole number from 100 to 100,000']],
    media: MEDIA,
  },
  'GET /api/sessions/:id/outline': {
    limit: [[[...NO_NUMBERS, '10001'], limit('10,000')]],
    cursor: [
      [['abc', `mps_${'A'.repeat(22)}`], 'is not a cursor of this list: leave it out to start at the beginning'],
      [['x'.repeat(513)], 'is longer than 512 characters'],
    ],
  },
  'GET /api/sessions/:id/search': {
    q: [
      [['', ' ', '%09'], 'is required: what to search for'],
      [['x'.repeat(32_769)], 'is longer than 32,768 characters'],
    ],
    limit: [[[...NO_NUMBERS, '201'], limit('200')]],
    cursor: [
      [['abc', `mps_${'A'.repeat(22)}`], 'is not a cursor of this list: leave it out to start at the beginning'],
      [['x'.repeat(513)], 'is longer than 512 characters'],
    ],
  },
  'GET /api/sessions/:id/messages/:messageId/content': {
    part: [[['-1', '1.5', 'first', '10001'], 'must be a whole number from 0 to 10,000']],
    of: [[['text', 'EXTRA'], 'must be one of content, extra']],
    media: MEDIA,
  },
  'GET /api/sessions/get': {
    id: [
      [[''], 'is required: the session’s id, assigned by OpenSync or by its plugin'],
      [['x'.repeat(513)], 'is longer than 512 characters'],
    ],
    messageLimit: [[[...NO_NUMBERS, '1001'], limit('1,000')]],
    messageCursor: [[['abc'], 'is not a cursor of this list: leave it out to start at the beginning']],
    after: ANCHOR,
    before: ANCHOR,
    around: ANCHOR,
    preview: [[[...NO_NUMBERS, '99', '100001'], 'must be a whole number from 100 to 100,000']],
    media: MEDIA,
  },
  'GET /api/search': {
    ...FILTERS,
    ...MESSAGE_FILTERS,
    q: [
      [['', ' ', '%09'], 'is required: what to search for'],
      [['x'.repeat(32_769)], 'is longer than 32,768 characters'],
    ],
    type: TYPE,
    facets: [[['colour', 'source,colour', 'SOURCE', 'source;model'], FACETS]],
    level: [[['part', 'sessions'], 'must be one of session, message']],
    cursor: [
      [['abc', `${'A'.repeat(8)}.${'a'.repeat(8)}`], NO_CURSOR],
      [['x'.repeat(8_001)], 'is longer than 8,000 characters'],
    ],
    limit: [[[...NO_NUMBERS, '101'], limit('100')]],
  },
  'GET /api/context': {
    ...FILTERS,
    ...MESSAGE_FILTERS,
    q: [
      [['', ' ', '%09'], 'is required: what the context is for: a question, a prompt, an error'],
      [['x'.repeat(32_769)], 'is longer than 32,768 characters'],
    ],
    limit: [[[...NO_NUMBERS, '51'], limit('50')]],
    format: [[['markdown', 'JSON', 'text,json'], 'must be one of text, json, messages']],
    maxTokens: [[[...NO_NUMBERS, '255', '32001'], 'must be a whole number from 256 to 32,000']],
    excludeSession: [[['x'.repeat(513)], 'is longer than 512 characters']],
  },
  'GET /api/stats': {},
  'GET /api/usage': {},
  'GET /api/wrapped': { ...WRAPPED, limit: [[[...NO_NUMBERS, '367'], limit('366')]] },
  'GET /api/wrapped/:date': {
    ...WRAPPED,
    design: [[['vinyl', 'POSTER'], 'must be one of poster, aurora, receipt, skyline, rings, terminal']],
    size: [[['100x100', '1080'], 'must be one of 1080x1920, 1200x630']],
    theme: [[['sepia'], 'must be one of light, dark']],
  },
  'GET /api/analytics': {
    groupBy: [
      [['week', 'models', 'day,model'], 'must be one of day, hour, model, provider, source, project, user, tool'],
    ],
    from: [
      [
        ['soon', '-1', '2026-13-01'],
        `must be a day such as 2026-01-31, or an instant in ISO 8601 or milliseconds since the epoch`,
      ],
      [['x'.repeat(65)], 'is longer than 64 characters'],
      [['2999-01-01'], 'must be before to, and not in the future'],
      [['2001-01-01'], 'is more than 400 days before the end'],
    ],
    to: [
      [
        ['soon', '-1', '2026-02-30'],
        `must be a day such as 2026-01-31, or an instant in ISO 8601 or milliseconds since the epoch`,
      ],
      [['x'.repeat(65)], 'is longer than 64 characters'],
    ],
    tz: [
      [['Mars/Olympus', 'x'], 'must be a time zone of the IANA database, such as Europe/Berlin'],
      [['x'.repeat(65)], 'is longer than 64 characters'],
    ],
  },
  'GET /api/receipts/:sequence': {},
};

/** The same for fields of a body. */
const BODY: Readonly<Record<string, readonly (readonly [values: readonly unknown[], message: string])[]>> = {
  query: [
    [['', ' ', null, undefined], 'is required: what to search for'],
    [[7, true, {}, ['x']], 'must be text'],
    [['x'.repeat(32_769)], 'is longer than 32,768 characters'],
  ],
  type: [[['fuzzy', 7, {}, ['fulltext'], false], 'must be one of fulltext, semantic, hybrid']],
  level: [[['part', 7, {}, false], 'must be one of session, message']],
  cursor: [
    [['abc'], NO_CURSOR],
    [[7, {}, []], 'must be text'],
  ],
  limit: [[[0, -1, 10.5, 101, 1e300, '5', true, [5], {}], limit('100')]],
  filters: [[[7, 'x', [], true], 'must be a JSON object']],
  'filters.source': [
    [[7, {}, ['codex'], false], 'must be text'],
    [['x'.repeat(4_097)], 'is longer than 4,096 characters'],
  ],
  'filters.model': [[[7, {}, ['opus'], false], 'must be text']],
  'filters.project': [[[7, {}, ['api'], false], 'must be text']],
  'filters.from': [[['soon', -1, true, {}, [1]], INSTANT]],
  'filters.to': [[['soon', -1, true, {}, [1]], INSTANT]],
  'filters.provider': [[[7, {}, ['openai'], false], 'must be text']],
  'filters.user': [[[7, {}, ['usr_x'], false], 'must be text']],
  'filters.evalStatus': [[['good', 1, ['golden']], 'must be one of golden, correct, incorrect, needs_review']],
  'filters.tag': [[[7, [], {}], 'must be text']],
  facets: [[[7, {}, 'colour', ['source', 'colour'], [1]], FACETS]],
  'filters.parent': [[[7, {}, ['ses_x'], false], 'must be text']],
  'filters.hasErrors': [[[1, 'yes', [true]], 'must be true or false']],
  'filters.role': [[[7, [], {}], 'must be text']],
  'filters.tool': [[[7, [], {}], 'must be text']],
};

let app: QueryApp;
beforeAll(async () => {
  app = await startQueryApp();
  // Positions belong to a session.
  await storeEvents(app.resources, OWNERS.ada!, [aSessionSynced({ externalId: 's1' }, { owner: OWNERS.ada! })]);
});
afterAll(() => app[Symbol.asyncDispose]());

const pathOf = (route: string) =>
  route
    .replace('GET ', '')
    .replace(':id', 's1')
    .replace(':messageId', 'msg_1')
    .replace(':sequence', '1')
    .replace(':date', '2026-11');
/** A required parameter of the route, unless it is the tested one. */
const others = (route: string, name: string) => {
  if ((route.endsWith('/search') || route === 'GET /api/context') && name !== 'q') return 'q=x&';
  return route === 'GET /api/sessions/get' && name !== 'id' ? 'id=s1&' : '';
};
const refusal = async (query: string) => {
  const { status, body } = await app.request('GET', query);
  expect({ query, status }).toEqual({ query, status: 400 });
  return body.error;
};

describe.each(Object.entries(QUERIES))('%s', (route, faults) => {
  const path = pathOf(route);

  it('has a test for each parameter', () => {
    const named = Object.keys(READ_ROUTES[route]!).filter((name) => !name.startsWith(':'));
    expect(Object.keys(faults).sort()).toEqual(named.sort());
  });

  const cases = Object.entries(faults).flatMap(([name, groups]) =>
    groups.map(([values, message]) => ({ name, message, values })),
  );
  if (cases.length > 0) {
    it.each(cases)('$name: $message', async ({ name, message, values }) => {
      for (const value of values) {
        const sent = value.startsWith('%') ? value : encodeURIComponent(value);
        const error = await refusal(`${path}?${others(route, name)}${name}=${sent}`);
        expect({ value, details: error.details }).toEqual({ value, details: [{ path: name, message }] });
      }
    });

    it.each(Object.keys(faults))('%s is rejected if it is given twice', async (name) => {
      const { details, message } = await refusal(`${path}?${others(route, name)}${name}=a&${name}=b`);
      expect(details).toEqual([{ path: name, message: 'is given more than once' }]);
      expect(message).toBe(`${name} is given more than once`);
    });
  }

  it('rejects an unknown parameter', async () => {
    for (const name of ['colour', 'limt', 'source[]', '__proto__', 'constructor']) {
      const { details } = await refusal(`${path}?${others(route, name)}${encodeURIComponent(name)}=1`);
      expect(details).toEqual([{ path: name, message: expect.stringMatching(/^is not known; valid (are|is) /) }]);
    }
  });

  it('names at most 20 of many faults, in an answer of bounded size', async () => {
    const many = Array.from({ length: 300 }, (_, n) => `${n}${'x'.repeat(20)}=1`).join('&');
    const error = await refusal(`${path}?${others(route, '')}${many}`);
    expect(error.details).toHaveLength(20);
    expect(JSON.stringify(error).length).toBeLessThan(10_000);
  });
});

describe('POST /search', () => {
  const search = async (body: unknown) => {
    const answer = await app.request('POST', '/search', { body });
    expect({ body, status: answer.status }).toEqual({ body, status: 400 });
    return answer.body.error;
  };

  it('has a test for each field', () => {
    expect(Object.keys(BODY).sort()).toEqual(Object.keys(READ_ROUTES['POST /search']!).sort());
  });

  it.each(
    Object.entries(BODY).flatMap(([name, groups]) => groups.map(([values, message]) => ({ name, message, values }))),
  )('$name: $message', async ({ name, message, values }) => {
    for (const value of values) {
      const [field, filter] = name.split('.') as [string, string?];
      const body = { query: 'x', [field]: filter === undefined ? value : { [filter]: value } };
      expect({ value, details: (await search(body)).details }).toEqual({ value, details: [{ path: name, message }] });
    }
  });

  it('rejects an unknown field, at any depth', async () => {
    const unknown = [
      [{ source: 'codex' }, 'source'],
      [{ filter: { source: 'codex' } }, 'filter'],
      [{ q: 'x' }, 'q'],
      [{ filters: { sourc: 'codex' } }, 'filters.sourc'],
      [{ filters: { limit: 1 } }, 'filters.limit'],
    ] as const;
    for (const [field, path] of unknown) {
      const { details } = await search({ query: 'x', ...field });
      expect(details).toEqual([{ path, message: expect.stringMatching(/^is not known; valid are /) }]);
    }
  });

  it('accepts no parameters in its URL', async () => {
    const { status, body } = await app.request('POST', '/search?source=codex', { body: { query: 'x' } });
    expect([status, body.error?.details]).toEqual([400, [{ path: 'source', message: 'is not known; valid is none' }]]);
  });
});

describe('a header', () => {
  it('Osk-Wait-Sequence with too many values', async () => {
    const headers = { 'osk-wait-sequence': Array.from({ length: 21 }, (_, n) => positionOf(n + 1)).join() };
    const { status, body } = await app.request('GET', '/api/stats', { headers });
    expect([status, body.error.message]).toEqual([400, 'Osk-Wait-Sequence has more than 20 values']);
  });

  it.each([
    ...['', 'soon', '-1', '0', '42', '1.5', 'pos_', positionOf(0), positionOf(1, 'cid'), `${positionOf(1)}x`],
    ...[`${positionOf(1)},2`, `${positionOf(1)},`],
  ])('Osk-Wait-Sequence: %s', async (value) => {
    const { status, body } = await app.request('GET', '/api/stats', { headers: { 'osk-wait-sequence': value } });
    expect(status).toBe(400);
    expect(body.error.details).toEqual([
      {
        path: 'Osk-Wait-Sequence',
        message: 'must be the value of an Osk-Sequence header that this workspace was answered with',
      },
    ]);
  });
});

it.each(['0', 'first', '42', '-1', 'pos_1', `${positionOf(1)}x`])('GET /api/receipts/%s', async (sequence) => {
  const { details } = await refusal(`/api/receipts/${sequence}`);
  expect(details).toEqual([
    {
      path: 'sequence',
      message: 'must be the value of an Osk-Sequence header that this workspace was answered with',
    },
  ]);
});

it('reports a path that is too long', async () => {
  expect((await refusal(`/api/sessions/${'x'.repeat(513)}`)).message).toBe(
    'A part of the path is longer than 512 characters',
  );
});
