import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import {
  MESSAGE_FIELDS,
  MESSAGE_ID_NAMES,
  SESSION_FIELDS,
  SESSION_ID_NAMES,
  SESSION_OF_MESSAGE_NAMES,
  USAGE_OBJECTS,
} from '@opensync/contracts';
import { READ_ROUTES } from '@opensync/query/read-routes';
import { KEYED_ROUTES, PUBLIC_ROUTES, type KeyedRoute } from '@opensync/testkit';
import fc from 'fast-check';
import { z } from 'zod';
import { API_ROUTES } from './api-routes.ts';
import { valuesOfSchema } from './from-schema.ts';
import { oddHeader } from './headers.ts';
import { rawRequests } from './raw.ts';
import { hugeBody, oddBody, oddText, oddValue, operator } from './values.ts';
import { KEY_NAMES, type KeyName, type World } from './world.ts';

/** One request of the fuzzer. */
export interface FuzzRequest {
  /** The aspect in which it is random; the rest of it is as documented. */
  readonly kind: Kind;
  /** The route that it was made from, as {@link KEYED_ROUTES} names it. */
  readonly route: string;
  readonly key: KeyName;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  /** The whole request as bytes, for what no HTTP client sends; the fields above describe it. */
  readonly raw?: Buffer;
}

type Call = Omit<FuzzRequest, 'kind' | 'body'> & { readonly json: object | undefined };

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'SEARCH'];

/** Each kind, with its share of all requests. */
const KINDS = {
  documented: { weight: 20, of: documented },
  contract: { weight: 20, of: contract },
  'no key': { weight: 8, of: withoutKey },
  parameters: { weight: 16, of: oddParameters },
  fields: { weight: 20, of: oddFields },
  'references to payloads': { weight: 5, of: references },
  JSON: { weight: 8, of: oddJson },
  'compressed bodies': { weight: 5, of: compressed },
  headers: { weight: 10, of: oddHeaders },
  'Idempotency-Keys': { weight: 5, of: repeated },
  paths: { weight: 10, of: oddPaths },
  methods: { weight: 3, of: otherMethods },
  'raw bytes': { weight: 1, of: raw },
} as const;
export type Kind = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as Kind[];

/** Random requests of every kind to every route. The same seed gives the same requests, apart from keys and ids. */
export function requestsTo(world: World): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    ...KIND_NAMES.map((kind) => ({
      weight: KINDS[kind].weight,
      arbitrary: KINDS[kind].of(world).map((request): FuzzRequest => ({ ...request, kind })),
    })),
  );
}

type Random = fc.Arbitrary<Omit<FuzzRequest, 'kind'>>;

const GIVES_ACCESS: readonly KeyName[] = ['full', 'full', 'full', 'elsewhere', 'ingest', 'read'];
const JSON_TYPE = { 'content-type': 'application/json' };
/** Clients of MCP must accept both. */
const MCP_TYPE = { ...JSON_TYPE, accept: 'application/json, text/event-stream' };
const typeFor = (path: string): Readonly<Record<string, string>> => (path === '/mcp' ? MCP_TYPE : JSON_TYPE);

/** A call of a route as its documentation has it, that names sessions of both owners. */
function calls(world: World, keys: readonly KeyName[] = GIVES_ACCESS): fc.Arbitrary<Call> {
  return fc
    .record({
      route: fc.constantFrom(...KEYED_ROUTES),
      // A random pair rarely belongs together.
      place: fc.oneof(
        fc.tuple(fc.constantFrom(...world.sessions), fc.constantFrom(...world.messages)),
        fc.constantFrom(...world.own),
      ),
      position: fc.constantFrom(...world.positions),
      sha256: fc.constantFrom(...world.hashes),
      words: fc.constantFrom(...world.words, `${world.words[0]} ${world.words[1]}`),
      key: fc.constantFrom(...keys),
    })
    .map(({ route, place: [session, message], position, key, ...named }) => {
      const { path, json } = route.call({ ...named, session, message, sequence: position });
      return {
        ...{ route: nameOf(route), key, method: route.method, path, json },
        headers: json === undefined ? {} : typeFor(path),
      };
    });
}

function nameOf({ method, route }: KeyedRoute): string {
  return `${method} ${route}`;
}

function sent({ json, ...call }: Call, body: Buffer | undefined = asBody(json)): Omit<FuzzRequest, 'kind'> {
  return { ...call, body };
}

function asBody(json: unknown): Buffer | undefined {
  return json === undefined ? undefined : Buffer.from(JSON.stringify(json));
}

function documented(world: World): Random {
  const publicCalls = fc.constantFrom(...PUBLIC_ROUTES).map((route) => {
    const [method, path] = route.split(' ') as [string, string];
    return { route, key: 'none' as const, method, path, headers: {}, json: undefined };
  });
  return fc
    .oneof({ weight: 9, arbitrary: calls(world) }, { weight: 1, arbitrary: publicCalls })
    .map((call) => sent(call));
}

/** Every route of the API document, with parameters and bodies made from its schemas. */
function contract(world: World): Random {
  const routes = API_ROUTES.map((route) => {
    const { method, path, parameters = [], body } = route;
    const values = Object.fromEntries(
      parameters.map(({ name, schema }) => [name, valuesOfSchema(schema, world, name).map(asText)]),
    );
    const needed = parameters.filter(({ in: where, required }) => required || where === 'path').map(({ name }) => name);
    return fc
      .record({
        given: fc.record(values, { requiredKeys: needed }),
        json: body ? valuesOfSchema(body, world) : fc.constant(undefined),
        key: fc.constantFrom(...GIVES_ACCESS),
      })
      .map(({ given, json, key }) => {
        const inPath = path.replaceAll(/:(\w+)/g, (_, name: string) => encoded(String(given[name] ?? 'x')));
        const query = parameters
          .filter(({ in: where, name }) => where === 'query' && given[name] !== undefined)
          .map(({ name }) => `${encoded(name)}=${encoded(given[name]!)}`)
          .join('&');
        const call = { route: `${method} ${path}`, key, method, path: query === '' ? inPath : `${inPath}?${query}` };
        const headers = body ? typeFor(path) : {};
        return sent({ ...call, headers, json: undefined }, asBody(json));
      });
  });
  return fc.oneof(...routes);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function withoutKey(world: World): Random {
  const keys = KEY_NAMES.filter((name) => !GIVES_ACCESS.includes(name));
  return calls(world, keys).map((call) => sent(call));
}

/** Values of a parameter: mostly those that its schema accepts. */
function valuesOf(name: string, schema: z.ZodType, world: World): fc.Arbitrary<string> {
  if (/cursor$/i.test(name)) {
    const known = fc.constantFrom(...world.cursors, ...world.messageCursors);
    return fc.oneof(
      known,
      fc.tuple(known, fc.nat({ max: 40 }), oddText).map(([cursor, at, text]) => cursor.slice(0, at) + text),
    );
  }
  const { enum: choices, maximum, anyOf } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const values: readonly unknown[] =
    choices ?? anyOf?.flatMap((one) => (typeof one === 'object' ? (one.enum ?? []) : [])) ?? [];
  const usual = [...values.map(String), ...(maximum === undefined ? [] : ['1', String(maximum), String(maximum + 1)])];
  const others = fc.oneof(fc.constantFrom(...world.words, ...world.sessions, '2026-01-31', '0', '1'), oddText);
  return usual.length === 0 ? others : fc.oneof(fc.constantFrom(...usual), others);
}

/** How a name may reach a parser that builds objects of query strings. */
const SPELLINGS = [
  (name: string) => name,
  (name: string) => `${name}[$ne]`,
  (name: string) => `${name}[]`,
  (name: string) => `${name}.$gt`,
];

function oddParameters(world: World): Random {
  const all = Object.values(READ_ROUTES).flatMap((shape) => Object.entries(shape));
  const known = new Map(all.filter(([name]) => !name.startsWith(':') && !name.includes('.')));
  const valueOf = new Map([...known].map(([name, schema]) => [name, valuesOf(name, schema, world)]));
  const parametersOf = (route: string) => {
    const own = Object.keys(READ_ROUTES[route] ?? {}).filter((name) => valueOf.has(name));
    const names = fc.oneof(
      { weight: own.length === 0 ? 0 : 9, arbitrary: fc.constantFrom(...(own.length === 0 ? ['q'] : own)) },
      { weight: 1, arbitrary: fc.oneof(fc.constantFrom(...valueOf.keys()), oddText) },
    );
    const one = names.chain((name) =>
      fc.tuple(
        fc.oneof({ weight: 12, arbitrary: fc.constant(name) }, ...SPELLINGS.map((spell) => fc.constant(spell(name)))),
        valueOf.get(name) ?? oddText,
      ),
    );
    return fc.array(one, { minLength: 1, maxLength: 4 });
  };
  return calls(world).chain((call) =>
    parametersOf(call.route).map((parameters) => {
      const query = parameters.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
      return sent({ ...call, path: `${call.path}${call.path.includes('?') ? '&' : '?'}${query}` });
    }),
  );
}

/** Half a surrogate pair has no encoding. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Every name of a field that any route reads. */
const FIELD_NAMES = [
  ...new Set([
    ...[SESSION_FIELDS, MESSAGE_FIELDS].flatMap((fields) => Object.values(fields).flatMap(({ names }) => names)),
    ...[...SESSION_ID_NAMES, ...SESSION_OF_MESSAGE_NAMES, ...MESSAGE_ID_NAMES, ...USAGE_OBJECTS],
    ...Object.values(READ_ROUTES).flatMap((shape) => Object.keys(shape).map((name) => name.split('.').at(-1)!)),
    ...['textContent', 'content', 'parts', 'sessions', 'messages', 'filters'],
  ]),
].filter((name) => !name.startsWith(':'));

function oddFields(world: World): Random {
  const value = fc.oneof(oddValue, fc.constantFrom<unknown>(...world.sessions, ...world.words, Date.now()));
  const fields = fc.dictionary(fc.constantFrom(...FIELD_NAMES), value, { minKeys: 1, maxKeys: 5 });
  const places = fc.oneof(fc.constant('within'), fc.constant('beside'), fc.constant('instead'));
  return calls(world)
    .filter(({ json }) => json !== undefined)
    .chain((call) =>
      fc
        .tuple(fields, places, operator)
        .map(([odd, place, condition]) => sent(call, asBody(withFields(call.json!, { odd, place, condition })))),
    );
}

function withFields(
  json: object,
  { odd, place, condition }: { odd: object; place: string; condition: object },
): object {
  if (place === 'beside') return { ...json, ...odd };
  const names = Object.keys(json);
  if (place === 'instead') return { ...json, [names[Object.keys(odd).length % names.length]!]: condition };
  // Into the items of a list, where there are some.
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      Array.isArray(value)
        ? value.map((item: unknown) => (typeof item === 'object' ? { ...item, ...odd } : item))
        : value,
    ]),
  );
}

/** Messages whose parts claim content that is stored already, in the form in which events and readers have it. */
function references(world: World): Random {
  const reference = fc
    .constantFrom(...world.hashes)
    .chain((sha256) =>
      fc.constantFrom<object>(
        { type: 'media', content: { sha256, mediaType: 'image/png', size: 70 } },
        { type: 'media', mediaType: 'image/png', sha256, size: 70, name: 'x.png' },
        { type: 'tool-result', payload: { sha256, size: 300_000 } },
        { type: 'text', content: { $payload: sha256 }, payload: { sha256 } },
        { type: 'tool-call', toolName: 'x', args: { sha256 }, media: [{ sha256, size: 70, mediaType: 'image/png' }] },
        { type: 'text', content: `{{media:0}} \u0000media:0 ${sha256}` },
        { type: 'image', uri: `/api/sessions/${world.sessions[0]}/media/${sha256}` },
      ),
    );
  const message = fc.record({
    sessionExternalId: fc.constantFrom(...world.sessions),
    externalId: fc.constantFrom('r1', 'r2'),
    parts: fc.array(reference, { minLength: 1, maxLength: 3 }),
    payloads: fc.constantFrom(undefined, world.hashes),
  });
  const write = message.map((json) => ({ route: 'POST /sync/message', method: 'POST', path: '/sync/message', json }));
  const media = fc
    .tuple(fc.constantFrom(...world.sessions), fc.constantFrom(...world.hashes))
    .map(([session, sha256]) => `/api/sessions/${encoded(session)}/media/${sha256}`);
  const read = fc
    .oneof(
      media,
      fc.constantFrom(...world.sessions).map((session) => `/api/sessions/${encoded(session)}?media=inline`),
    )
    .map((path) => ({ route: 'GET /api/sessions/:id/media/:sha256', method: 'GET', path, json: undefined }));
  return fc
    .tuple(fc.oneof(write, read), fc.constantFrom(...GIVES_ACCESS))
    .map(([call, key]) => sent({ ...call, key, headers: call.json ? JSON_TYPE : {} }));
}

function oddJson(world: World): Random {
  const body = fc.oneof({ weight: 120, arbitrary: oddBody }, { weight: 1, arbitrary: hugeBody });
  return fc
    .tuple(
      calls(world).filter(({ json }) => json !== undefined),
      body,
    )
    .map(([call, odd]) => sent(call, odd));
}

const COMPRESSORS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
/** Much of nothing: what decompression must not unfold in full. */
const BOMBS = Object.fromEntries(
  Object.entries(COMPRESSORS).map(([coding, compress]) => [coding, compress(Buffer.alloc(12 * 1024 * 1024, '['))]),
);

function compressed(world: World): Random {
  const codings = Object.keys(COMPRESSORS) as (keyof typeof COMPRESSORS)[];
  const changes = fc.constantFrom('none', 'none', 'none', 'cut off', 'mislabelled', 'twice', 'extended', 'bomb');
  return fc
    .record({
      call: calls(world).filter(({ json }) => json !== undefined),
      odd: fc.option(oddBody, { freq: 3 }),
      coding: fc.constantFrom(...codings),
      label: fc.constantFrom(...codings, 'identity', 'lzma', 'gzip, gzip', ''),
      change: changes,
      cut: fc.nat({ max: 30 }),
    })
    .map(({ call, odd, coding, label, change, cut }) => {
      const once = COMPRESSORS[coding](odd ?? asBody(call.json)!);
      const bodies: Record<string, Buffer> = {
        'cut off': once.subarray(0, cut),
        twice: COMPRESSORS[coding](once),
        extended: Buffer.concat([once, once.subarray(0, cut)]),
        bomb: BOMBS[coding]!,
      };
      const headers = { ...call.headers, 'content-encoding': change === 'mislabelled' ? label : coding };
      return sent({ ...call, headers }, bodies[change] ?? once);
    });
}

function oddHeaders(world: World): Random {
  return fc
    .tuple(calls(world, [...GIVES_ACCESS, ...KEY_NAMES]), fc.array(oddHeader(world), { minLength: 1, maxLength: 3 }))
    .map(([call, headers]) => sent({ ...call, headers: { ...call.headers, ...Object.assign({}, ...headers) } }));
}

/** Keys that the watched owner has used, and a few of the callers' own, again and again for different requests. */
function repeated(world: World): Random {
  const keys = fc.constantFrom(...world.idempotencyKeys, 'repeated-1', 'repeated-2', 'repeated-3');
  return fc
    .tuple(
      calls(world).filter(({ route }) => route.startsWith('POST /sync')),
      keys,
    )
    .map(([call, key]) => sent({ ...call, headers: { ...call.headers, 'idempotency-key': key } }));
}

/** Other spellings of a path: what a router, a proxy or a log reads in different ways. */
function oddPaths(world: World): Random {
  const segments = [...new Set(KEYED_ROUTES.flatMap(({ route }) => route.split('/').slice(1)))];
  const ends = fc.oneof(
    oddText.map(encoded),
    fc.constantFrom('', '/', '//', ';x=y', '?', '#', '%2f', '%00', '%', '%zz', '/.', '/..', '.json'),
  );
  const spelled = fc.tuple(calls(world), ends, fc.nat({ max: 5 })).map(([call, end, how]) => {
    const forms: readonly string[] = [
      `${call.path}${end}`,
      call.path.replaceAll('/', '//'),
      call.path.toUpperCase(),
      call.path.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
      `/${end}/..${call.path}`,
      `http://elsewhere.example${call.path}`,
    ];
    return { ...call, path: forms[how]! };
  });
  const made = fc
    .tuple(
      calls(world),
      fc.array(fc.oneof(fc.constantFrom(...segments, ...world.sessions), oddText).map(encoded), { maxLength: 6 }),
    )
    .map(([call, parts]) => ({ ...call, path: `/${parts.join('/')}` }));
  return fc.oneof(spelled, made).map((call) => sent(call));
}

function otherMethods(world: World): Random {
  return fc.tuple(calls(world), fc.constantFrom(...METHODS)).map(([call, method]) => sent({ ...call, method }));
}

function raw(world: World): Random {
  return fc.tuple(calls(world), rawRequests(world)).map(([call, bytes]) => ({ ...sent(call), raw: bytes }));
}
