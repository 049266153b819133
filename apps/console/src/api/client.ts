import { addressOf } from './base.ts';
import { ApiError, isAbort } from './errors.ts';
import type { paths } from './schema.d.ts';

/** Paths that answer to a method. */
export type PathsOf<Method extends string> = {
  [Path in keyof paths]: paths[Path] extends Record<Method, { responses: unknown }> ? Path : never;
}[keyof paths];
type Operation<Path extends keyof paths, Method extends string> =
  paths[Path] extends Record<Method, infer Found> ? Found : never;
type JsonOf<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : never;
/** What a successful answer holds. */
export type Answer<Path extends keyof paths, Method extends string = 'get'> =
  Operation<Path, Method> extends { responses: infer Responses }
    ? JsonOf<Responses[Extract<keyof Responses, 200 | 207>]>
    : never;

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined | null>>;

export interface Options {
  /** Values for `{name}` in the path. */
  readonly at?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** What the client tells the rest of the console. */
export interface Listener {
  /** An answer of any kind: the server is there. */
  readonly onAnswer: () => void;
  /** There was no answer. */
  readonly onSilence: () => void;
  /** The login has ended, or there never was one. */
  readonly onEnded: () => void;
  /** The person may not do that, or not any more. */
  readonly onForbidden: () => void;
}

let listener: Listener | undefined;
let csrfToken: string | undefined;
/** The last write of this page: reads shortly after it wait on the server until they show it. */
let written: { readonly position: string; readonly until: number } | undefined;
/** How long that matters: documents follow within a second, indexes within some. */
const WAIT_FOR_WRITES_MS = 10_000;

export function listen(to: Listener): void {
  listener = to;
}

/** The CSRF token of the current login: proves that a page of ours sends a write. */
export function useCsrfToken(token: string | undefined): void {
  // Positions belong to a workspace.
  if (token !== csrfToken) {
    written = undefined;
    ahead.clear();
  }
  csrfToken = token;
}

const COMMON = { cache: 'no-store', credentials: 'same-origin', redirect: 'error' } as const;
const ACCEPT = { accept: 'application/json' } as const;

/** Reads that were sent before anything asked for their answers, by address. */
const ahead = new Map<string, Promise<Response>>();
/** An answer that nothing has asked for by then may be stale. */
const AHEAD_MS = 5_000;

/** Sends a read whose answer the next request for the same gets, if that comes soon. */
export function readAhead(path: PathsOf<'get'>, { at, query }: Pick<Options, 'at' | 'query'>): void {
  const address = addressFor(path, at, query);
  const sent = fetch(address, { ...COMMON, headers: ACCEPT });
  ahead.set(address, sent);
  // The request that takes the answer reports a failure.
  sent.catch(() => undefined);
  setTimeout(() => {
    if (ahead.get(address) === sent) ahead.delete(address);
  }, AHEAD_MS);
}

/** Reads JSON. @throws ApiError; DOMException AbortError */
export async function get<Path extends PathsOf<'get'>>(path: Path, options: Options = {}): Promise<Answer<Path>> {
  return jsonOf(await request('GET', path, options));
}

/** Sends JSON. @throws ApiError */
export async function send<Method extends 'post' | 'patch' | 'delete' | 'put', Path extends PathsOf<Method>>(
  method: Method,
  path: Path,
  options: Options & { readonly json?: unknown } = {},
): Promise<Answer<Path, Method>> {
  return jsonOf(await request(method.toUpperCase(), path, options));
}

/** As `get`, for what is not JSON or not in the API document; `jsonOf`, `textOf` and `bytesOf` read its body. @throws ApiError; DOMException AbortError */
export async function request(
  method: string,
  path: string,
  { at = {}, query = {}, headers = {}, signal, json }: Options & { readonly json?: unknown } = {},
): Promise<Response> {
  const isWrite = method !== 'GET';
  let answer: Response;
  try {
    const address = addressFor(path, at, query);
    // What was read before a write may be out of date.
    if (isWrite) ahead.clear();
    const sent = ahead.get(address);
    ahead.delete(address);
    answer = await (sent ??
      fetch(address, {
        ...COMMON,
        method,
        ...(signal && { signal }),
        headers: {
          ...ACCEPT,
          ...(isWrite && csrfToken !== undefined && { 'x-csrf-token': csrfToken }),
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...(!isWrite && written && Date.now() < written.until && { 'osk-wait-sequence': written.position }),
          ...headers,
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      }));
    signal?.throwIfAborted();
  } catch (error) {
    if (signal?.aborted) throw error;
    listener?.onSilence();
    throw new ApiError('The server does not answer', { status: 0 });
  }
  if (answer.ok) {
    listener?.onAnswer();
    const position = isWrite ? answer.headers.get('osk-sequence') : null;
    if (position !== null) written = { position, until: Date.now() + WAIT_FOR_WRITES_MS };
    return answer;
  }
  const error = await errorOf(answer);
  if (error.trouble === 'lost') listener?.onSilence();
  else listener?.onAnswer();
  if (error.trouble === 'ended') listener?.onEnded();
  if (error.trouble === 'forbidden') listener?.onForbidden();
  throw error;
}

/** @throws ApiError; DOMException AbortError */
export async function jsonOf<Body>(answer: Response): Promise<Body> {
  const text = await textOf(answer);
  try {
    return JSON.parse(text) as Body;
  } catch {
    // Something between the browser and the server answered in its place.
    throw new ApiError('The answer is not JSON', { status: answer.status, trouble: 'failed' });
  }
}

/** @throws ApiError; DOMException AbortError */
export function textOf(answer: Response): Promise<string> {
  return answer.text().catch(cut);
}

/** @throws ApiError; DOMException AbortError */
export function bytesOf(answer: Response): Promise<ArrayBuffer> {
  return answer.arrayBuffer().catch(cut);
}

/** The connection broke in the middle of an answer. */
function cut(error: unknown): never {
  if (isAbort(error)) throw error;
  listener?.onSilence();
  throw new ApiError('The server does not answer', { status: 0 });
}

/** The address of a path with its parameters, without the origin. */
export function addressFor(path: string, at: NonNullable<Options['at']> = {}, query: Query = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(at[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return addressOf(filled) + (text === '' ? '' : `?${text}`);
}

async function errorOf(answer: Response): Promise<ApiError> {
  const body = (await answer.json().catch(() => undefined)) as
    | {
        error?: { code?: string; message?: string; requestId?: string };
      }
    | null
    | undefined;
  const { code, message, requestId } = body?.error ?? {};
  return new ApiError(message ?? `The server answered ${answer.status}`, {
    status: answer.status,
    code,
    requestId: requestId ?? answer.headers.get('x-request-id') ?? undefined,
    retryAfter: Number(answer.headers.get('retry-after')) || undefined,
  });
}
