import { judge, judgeRaw } from './fuzz/judge.ts';
import type { FuzzRequest } from './fuzz/requests.ts';
import type { FuzzAnswer } from './fuzz/send.ts';
import { changesOf } from './fuzz/watch.ts';
import type { World } from './fuzz/world.ts';

const world = { markers: ['marker0815'] } as unknown as World;
const request: FuzzRequest = {
  ...{ kind: 'documented', route: 'GET /api/sessions', key: 'full', method: 'GET', path: '/api/sessions' },
  headers: {},
};
const headers = {
  ...{ 'x-request-id': 'r1', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
  'content-type': 'application/json; charset=utf-8',
  ...{ 'content-security-policy': "default-src 'none'", 'referrer-policy': 'no-referrer' },
};
/** Of `GET /api/sessions`. */
const EMPTY = { sessions: [], cursor: null };
const answer = (status: number, body: unknown = EMPTY, more: Readonly<Record<string, string>> = {}): FuzzAnswer => ({
  ...{ status, headers: { ...headers, ...more } },
  body: Buffer.from(JSON.stringify(body)),
});
const error = (code: string, more: object = {}) => ({ error: { code, message: 'No', requestId: 'r1', ...more } });
const tooManyDetails = Array.from({ length: 21 }, () => ({ path: 'x', message: 'y' }));

/** `to`: what the request differs in. */
interface Row {
  readonly name: string;
  readonly given: FuzzAnswer;
  readonly to?: Partial<FuzzRequest>;
}

describe('the judge of answers', () => {
  it.each<Row>([
    { name: 'a success', given: answer(200) },
    { name: 'an error in the documented shape', given: answer(404, error('NOT_FOUND')) },
    { name: '503 with Retry-After', given: answer(503, error('UNAVAILABLE'), { 'retry-after': '1' }) },
    {
      name: 'a public route without a key',
      given: answer(200, { status: 'ok' }),
      to: { key: 'none', path: '//health?x=1' },
    },
    { name: 'a preflight without a key', given: answer(204), to: { key: 'none', method: 'OPTIONS' } },
    { name: 'what a scope allows', given: answer(200), to: { key: 'read' } },
  ])('accepts $name', ({ given, to }) => {
    expect(judge({ ...request, ...to }, given, world)).toEqual([]);
  });

  it.each<Row & { readonly problem: RegExp }>([
    { name: '500', given: answer(500, error('INTERNAL')), problem: /status 500/ },
    { name: '503 without Retry-After', given: answer(503, error('UNAVAILABLE')), problem: /without retry-after/ },
    { name: 'a redirect', given: answer(302), problem: /302 is not documented/ },
    { name: 'an unknown code', given: answer(404, error('GONE')), problem: /another shape/ },
    { name: 'a code with the status of another', given: answer(400, error('NOT_FOUND')), problem: /NOT_FOUND with/ },
    { name: 'an error that is no JSON', given: { ...answer(400), body: Buffer.from('Bad') }, problem: /another shape/ },
    {
      name: '21 details',
      given: answer(400, error('INVALID_REQUEST', { details: tooManyDetails })),
      problem: /another shape/,
    },
    { name: 'the id of another request', given: answer(404, error('NOT_FOUND', { requestId: 'r2' })), problem: /id/ },
    { name: 'a stack', given: answer(404, error('NOT_FOUND', { message: 'x at f (x.js:1)' })), problem: /internals/ },
    { name: 'a member that is not documented', given: answer(200, { ...EMPTY, x: 1 }), problem: /API document/ },
    { name: 'a status that is not documented', given: answer(206), problem: /API document/ },
    { name: 'a marker in the body', given: answer(200, { title: 'a marker0815' }), problem: /marker0815/ },
    { name: 'a marker in a header', given: answer(200, {}, { 'x-other': 'marker0815' }), problem: /marker0815/ },
    { name: 'a success without a key', given: answer(200), to: { key: 'none' }, problem: /no access \(none\)/ },
    { name: 'a success with a revoked key', given: answer(200), to: { key: 'revoked' }, problem: /no access/ },
    { name: 'a success beyond the scope', given: answer(200), to: { key: 'ingest' }, problem: /the scopes ingest/ },
  ])('rejects $name', ({ given, to, problem }) => {
    expect(judge({ ...request, ...to }, given, world).join()).toMatch(problem);
  });

  it('finds a marker and a failure in what a connection returned', () => {
    expect(judgeRaw(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), world)).toEqual([]);
    expect(judgeRaw(Buffer.from(''), world)).toEqual([]);
    const both = 'HTTP/1.1 400 Bad Request\r\n\r\nHTTP/1.1 500 Oh\r\n\r\nmarker0815';
    expect(judgeRaw(Buffer.from(both), world)).toEqual(["the watched owner's marker0815", 'status 500']);
  });
});

it('a change of the watched owner’s data is named with both states', () => {
  expect(changesOf({ stats: { sessions: 1 }, list: [] }, { stats: { sessions: 1 }, list: [] })).toEqual([]);
  expect(changesOf({ stats: { sessions: 1 } }, { stats: { sessions: 2 } })).toEqual([
    'the watched owner\'s stats was {"sessions":1} and is {"sessions":2}',
  ]);
});
