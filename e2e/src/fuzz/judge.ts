import { refusalOf, type Principal } from '@opensync/contracts';
import { ERRORS } from '@opensync/platform';
import { assertDocumented, routeOf } from '@opensync/platform/api-document';
import { KEYED_ROUTES, PUBLIC_ROUTES } from '@opensync/testkit';
import { z } from 'zod';
import { API_ROUTES } from './api-routes.ts';
import type { FuzzRequest } from './requests.ts';
import type { FuzzAnswer } from './send.ts';
import { ROLE_OF, SCOPES_OF, type World } from './world.ts';

const MOST_DETAILS = 20;
const errorSchema = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(ERRORS) as [keyof typeof ERRORS]),
    message: z.string().min(1),
    details: z
      .array(z.strictObject({ path: z.string(), message: z.string() }))
      .min(1)
      .max(MOST_DETAILS)
      .optional(),
    requestId: z.string().min(1),
  }),
});

/** What a stack, a path of this machine or a statement of a store would show. */
const INTERNALS = /node_modules|\bat \S+ \(|file:\/\/|SQLITE_|MongoServerError|ECONNREFUSED/;
/** The headers that go with a status. */
const HEADER_OF: Readonly<Record<number, string>> = {
  401: 'www-authenticate',
  405: 'allow',
  408: 'retry-after',
  429: 'retry-after',
  503: 'retry-after',
};
const WITHOUT_ERROR: ReadonlySet<number> = new Set([200, 204, 206, 207, 303, 304]);

/** What is wrong with an answer: nothing, as long as the product keeps its promises. */
export function judge(request: FuzzRequest, answer: FuzzAnswer, world: World): string[] {
  return [
    ...statusProblems(answer),
    ...errorProblems(request, answer),
    ...accessProblems(request, answer),
    ...contractProblems(request, answer),
    ...leaks(answer, world),
  ];
}

function statusProblems({ status, headers }: FuzzAnswer): string[] {
  const problems: string[] = [];
  if (status < 400 && !WITHOUT_ERROR.has(status)) problems.push(`status ${status} is not documented`);
  if (status >= 500 && status !== 503) problems.push(`status ${status}`);
  const needed = HEADER_OF[status];
  if (needed !== undefined && headers[needed] === undefined) problems.push(`status ${status} without ${needed}`);
  if (headers['x-request-id'] === undefined) problems.push('no X-Request-Id');
  if (headers['x-content-type-options'] !== 'nosniff') problems.push('no X-Content-Type-Options: nosniff');
  const standing = ['cache-control', 'content-security-policy', 'referrer-policy'];
  problems.push(...standing.filter((name) => headers[name] === undefined).map((name) => `no ${name}`));
  return problems;
}

/** What MCP refuses in its own form. */
function isProtocolError(path: string, body: unknown): boolean {
  return normal(path) === '/mcp' && typeof body === 'object' && body !== null && 'jsonrpc' in body;
}

function errorProblems({ method, path }: FuzzRequest, { status, headers, body }: FuzzAnswer): string[] {
  if (status < 400 || method === 'HEAD') return [];
  const text = body.toString('utf8');
  if (isProtocolError(path, jsonOf(text))) return INTERNALS.test(text) ? [`the error shows internals: ${text}`] : [];
  const parsed = errorSchema.safeParse(jsonOf(text));
  if (!parsed.success) return [`the error has another shape: ${text.slice(0, 500)}`];
  const { code, requestId } = parsed.data.error;
  const problems: string[] = [];
  if (ERRORS[code].status !== status) problems.push(`${code} with status ${status}`);
  if (requestId !== headers['x-request-id']) problems.push('the request id of the error is not that of the header');
  if (INTERNALS.test(text)) problems.push(`the error shows internals: ${text.slice(0, 500)}`);
  return problems;
}

/** Without access there is no answer but an error, apart from public routes and preflights. */
function accessProblems({ route, method, path, key, headers }: FuzzRequest, { status }: FuzzAnswer): string[] {
  // A key that replaces that of the caller.
  if (status >= 400 || method === 'OPTIONS' || 'authorization' in headers) return [];
  if (isPublic(method === 'HEAD' ? 'GET' : method, normal(path))) return [];
  const scopes = SCOPES_OF[key];
  if (!scopes) return [`status ${status} with a key that gives no access (${key})`];
  const known = KEYED_ROUTES.find((one) => `${one.method} ${one.route}` === route);
  if (!known || method !== known.method || !isOf(known.route, normal(path))) return [];
  const principal = { scopes, role: ROLE_OF[key] ?? 'member' } as unknown as Principal;
  return refusalOf(principal, known.access) === undefined ? [] : [`status ${status} with the scopes ${String(scopes)}`];
}

/** Differences from the API document, whatever the request was. */
function contractProblems({ method, path }: FuzzRequest, { status, headers, body }: FuzzAnswer): string[] {
  const url = normal(path);
  if (method === 'HEAD' || method === 'OPTIONS' || !routeOf(API_ROUTES, method, url)) return [];
  const contentType = headers['content-type']?.toString();
  try {
    const isJson = contentType?.startsWith('application/json') === true && status !== 206;
    assertDocumented(API_ROUTES, {
      ...{ method, url, status, contentType },
      body: isJson ? jsonOf(body.toString('utf8')) : undefined,
    });
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function isPublic(method: string, path: string): boolean {
  return PUBLIC_ROUTES.some((route) => {
    const [of, pattern] = route.split(' ') as [string, string];
    return of === method && isOf(pattern, path);
  });
}

/** The path as routers read it. */
function normal(path: string): string {
  const [pathname = ''] = path.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  const parts = pathname.split('/').filter((part) => part !== '');
  return `/${parts.map(decoded).join('/')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isOf(route: string, path: string): boolean {
  const [pattern, parts] = [route, path].map((one) => one.split('/'));
  return pattern!.length === parts!.length && pattern!.every((part, at) => part.startsWith(':') || part === parts![at]);
}

/** Whose content an answer shows, as it is and in the forms in which an answer may repeat it. */
export function leaks({ headers, body }: FuzzAnswer, { markers }: Pick<World, 'markers'>): string[] {
  const text = `${JSON.stringify(headers)}\n${body.toString('latin1')}`;
  return markers.filter((marker) => text.includes(marker)).map((marker) => `the watched owner's ${marker}`);
}

/** As {@link judge}, for everything that came back over a connection. */
export function judgeRaw(received: Buffer, world: World): string[] {
  const text = received.toString('latin1');
  const problems = leaks({ status: 0, headers: {}, body: received }, world);
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
  if (received.length > 0 && statuses.length === 0) problems.push(`no HTTP answer: ${text.slice(0, 200)}`);
  problems.push(...statuses.filter((status) => status >= 500 && status !== 503).map((status) => `status ${status}`));
  return problems;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
