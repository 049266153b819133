import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '@opensync/contracts';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';

/** The logins of people, whose browsers send a cookie instead of a key. */
export interface Logins {
  /** The origin under which people open OpenSync, such as `https://sync.example.com`; undefined: names of this machine. */
  readonly origin: string | undefined;
  /**
   * What the login of a token may do; undefined if there is none. @throws AppError UNAVAILABLE
   * @param options.isUse whether it counts as used; default true
   */
  authenticate(token: string, options?: { readonly isUse?: boolean }): Principal | undefined;
}

/** Only this host can set it, and only over an encrypted connection or on the same machine. */
const COOKIE = '__Host-opensync';
const TOKEN = /^[\w-]{43}$/;
const CSRF_HEADER = 'x-csrf-token';
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request carries a cookie of a login, of any value. */
export function hasLoginCookie({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return cookiesOf(headers.cookie).length > 0;
}

/** The token of the login's cookie; undefined for none, several, or another form. */
export function loginTokenOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const [token = '', ...others] = cookiesOf(headers.cookie);
  return others.length === 0 && TOKEN.test(token) ? token : undefined;
}

function cookiesOf(header: string | undefined): string[] {
  if (header === undefined || !header.includes(COOKIE)) return [];
  return header.split(';').flatMap((pair) => {
    const [name, value = ''] = pair.split('=', 2).map((text) => text.trim());
    return name === COOKIE ? [value] : [];
  });
}

/** `Set-Cookie` of a login that lasts so many seconds; without a token, the end of one. */
export function loginCookie(token: string, seconds: number): string {
  return `${COOKIE}=${token}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Lax`;
}

/** The CSRF token that pages send with each write. It is derived from the login's token, so it ends with it. */
export function csrfTokenOf(token: string): string {
  return createHash('sha256').update(`csrf ${token}`).digest('base64url');
}

/**
 * Refuses a request to a name that people do not open OpenSync under: a page could have pointed its own name to this server
 * (DNS rebinding). @throws AppError FORBIDDEN
 */
export function assertLoginHost({ headers }: Pick<FastifyRequest, 'headers'>, origin: string | undefined): void {
  if (originOfHost(headers.host, origin) !== undefined) return;
  throw new AppError(
    'FORBIDDEN',
    origin === undefined
      ? 'People can log in under names of this machine only; set OPENSYNC_LOGIN_URL to the address that they open'
      : `People log in at ${origin} only; OPENSYNC_LOGIN_URL names that address`,
  );
}

/**
 * Refuses a request that a page of another origin makes. A client that is no browser sends no `Origin`.
 * @throws AppError FORBIDDEN
 */
export function assertSameOrigin({ headers }: Pick<FastifyRequest, 'headers'>, origin: string | undefined): void {
  const own = originOfHost(headers.host, origin);
  if (headers.origin === undefined || isSameOrigin(headers.origin, own)) return;
  throw new AppError('FORBIDDEN', 'A page of another origin must not send this request');
}

/**
 * Refuses a request with a cookie that the person's own pages did not send: browsers add cookies by themselves. A write needs
 * an `Origin`, the login's CSRF token and JSON. @throws AppError FORBIDDEN, UNSUPPORTED_MEDIA_TYPE
 */
export function assertOwnPage(request: FastifyRequest, token: string, origin: string | undefined): void {
  assertLoginHost(request, origin);
  assertSameOrigin(request, origin);
  const { headers, method } = request;
  const isNavigation = headers['sec-fetch-mode'] === 'navigate';
  if (SAFE_METHODS.has(method)) {
    if (headers['sec-fetch-site'] !== 'cross-site' || isNavigation) return;
    throw new AppError('FORBIDDEN', 'A page of another site must not read this with a cookie');
  }
  if (headers.origin === undefined) throw new AppError('FORBIDDEN', 'A write with a cookie needs an Origin header');
  if (!isCsrfToken(headers[CSRF_HEADER], token)) {
    throw new AppError('FORBIDDEN', 'A write with a cookie needs the X-CSRF-Token that GET /auth/session answers');
  }
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (hasBody && !/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'A write with a cookie must have the type application/json');
  }
}

function isCsrfToken(given: string | string[] | undefined, token: string): boolean {
  const [wanted, sent] = [csrfTokenOf(token), given ?? ''].map((text) => Buffer.from(String(text)));
  return wanted!.length === sent!.length && timingSafeEqual(wanted!, sent!);
}

/** The origin that a host stands for; undefined if it is not one of ours. A proxy may have ended TLS, so without a setting either scheme counts. */
function originOfHost(host: string | undefined, origin: string | undefined): string | undefined {
  if (host === undefined || !URL.canParse(`http://${host}`)) return undefined;
  if (origin !== undefined) return new URL(origin).host === hostOf(host, origin) ? origin : undefined;
  const { hostname, host: named } = new URL(`http://${host}`);
  return isThisMachine(hostname) ? `//${named}` : undefined;
}

/** As a URL of the origin's scheme has it: without its usual port. */
function hostOf(host: string, origin: string): string {
  return new URL(`${new URL(origin).protocol}//${host}`).host;
}

function isSameOrigin(sent: string, own: string | undefined): boolean {
  if (own === undefined) return false;
  return own.startsWith('//') ? sent === `http:${own}` || sent === `https:${own}` : sent === own;
}

/** Whether a host name always means the machine of the browser, so that a cookie is safe there without TLS. */
export function isThisMachine(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '127.0.0.1' || name === '::1';
}
