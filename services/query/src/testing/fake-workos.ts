import { createHash, createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export interface FakeUser {
  readonly id: string;
  email: string;
  email_verified: boolean;
  first_name: string | null;
  last_name: string | null;
}

export interface FakeMembership {
  readonly user_id: string;
  readonly organization_id: string;
  organization_name: string;
  role: string;
  status: 'active' | 'inactive' | 'pending';
}

/**
 * WorkOS as its documentation describes it: the calls that we make, with their answers and refusals. Codes and refresh tokens work
 * once, a revoked session refuses its refresh token, and lists are paged.
 */
export class FakeWorkos {
  static readonly API_KEY = 'sk_test_of_the_fake';
  static readonly CLIENT_ID = 'client_01FAKE';
  static readonly WEBHOOK_SECRET = 'whsec_of_the_fake';
  readonly users = new Map<string, FakeUser>();
  readonly memberships: FakeMembership[] = [];
  /** Who is logged in at AuthKit, and for which organization. */
  person = { user: '', organization: undefined as string | undefined };
  isAway = false;
  asked = 0;
  readonly #sessions = new Map<string, { readonly user: string; readonly organization: string | undefined }>();
  readonly #codes = new Map<string, { readonly session: string; readonly challenge: string }>();
  readonly #refreshTokens = new Map<string, string>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #keys: { readonly privateKey: CryptoKey; readonly jwk: JWK };
  url = '';

  static async start(): Promise<FakeWorkos> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key_1', alg: 'RS256', use: 'sig' };
    const fake = new FakeWorkos({ privateKey, jwk });
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    fake.url = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  private constructor(keys: { privateKey: CryptoKey; jwk: JWK }) {
    this.#keys = keys;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  add(id: string, email: string): FakeUser {
    const user = { id, email, email_verified: true, first_name: 'A', last_name: id };
    this.users.set(id, user);
    return user;
  }

  join(user: string, organization: string, role: string): FakeMembership {
    const membership: FakeMembership = {
      ...{ user_id: user, organization_id: organization, organization_name: `Org ${organization}`, role },
      status: 'active',
    };
    this.memberships.push(membership);
    return membership;
  }

  leave(user: string, organization: string): void {
    const at = this.memberships.findIndex((one) => one.user_id === user && one.organization_id === organization);
    this.memberships.splice(at, 1);
  }

  /** What the browser does at AuthKit: it comes back with a code. */
  authorize(url: string): string {
    const asked = new URL(url).searchParams;
    const code = randomUUID();
    const session = `session_${randomUUID()}`;
    this.#sessions.set(session, this.person.user === '' ? { user: '', organization: undefined } : { ...this.person });
    this.#codes.set(code, { session, challenge: asked.get('code_challenge') ?? '' });
    const back = new URL(asked.get('redirect_uri')!);
    back.searchParams.set('code', code);
    back.searchParams.set('state', asked.get('state')!);
    return back.href;
  }

  endSession(session: string): void {
    this.#sessions.delete(session);
  }

  /** An access token, with the claims of a session or with others. */
  async token(claims: Record<string, unknown>, { issuer = this.url, key = this.#keys.privateKey, seconds = 300 } = {}) {
    return new SignJWT({ jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'key_1' })
      .setIssuer(issuer)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(key);
  }

  /** Body and signature of a webhook. */
  webhook(event: string, data: object, { at = Date.now(), secret = FakeWorkos.WEBHOOK_SECRET } = {}) {
    const body = JSON.stringify({ id: `event_${randomUUID()}`, event, data, created_at: new Date(at).toISOString() });
    const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    return { body, header: `t=${at}, v1=${signature}` };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked++;
    const send = (status: number, body: object) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (this.isAway) return send(503, { message: 'Service Unavailable' });
    const { pathname, searchParams } = new URL(request.url!, this.url);
    if (pathname === `/sso/jwks/${FakeWorkos.CLIENT_ID}`) return send(200, { keys: [this.#keys.jwk] });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = (chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {}) as Record<string, string>;
    if (pathname === '/user_management/authenticate') return this.#authenticate(body, send);
    if (request.headers.authorization !== `Bearer ${FakeWorkos.API_KEY}`) return send(401, { message: 'Unauthorized' });
    if (pathname === '/user_management/sessions/revoke') {
      if (!this.#sessions.delete(body['session_id']!)) return send(404, { message: 'Session not found' });
      return send(200, {});
    }
    if (pathname === '/user_management/organization_memberships') return this.#list(searchParams, send);
    const user = this.users.get(/^\/user_management\/users\/(.+)$/.exec(pathname)?.[1] ?? '');
    if (user) return send(200, userJson(user));
    send(404, { message: 'Not found', code: 'entity_not_found' });
  }

  async #authenticate(body: Record<string, string>, send: (status: number, body: object) => void): Promise<void> {
    if (body['client_secret'] !== FakeWorkos.API_KEY || body['client_id'] !== FakeWorkos.CLIENT_ID) {
      return send(401, { error: 'invalid_client', error_description: 'Invalid client' });
    }
    const refused = (description: string) => send(400, { error: 'invalid_grant', error_description: description });
    let session: string | undefined;
    if (body['grant_type'] === 'authorization_code') {
      const code = this.#codes.get(body['code']!);
      this.#codes.delete(body['code']!);
      const challenge = createHash('sha256')
        .update(body['code_verifier'] ?? '')
        .digest('base64url');
      if (!code || code.challenge !== challenge) return refused('The code is invalid');
      session = code.session;
    } else {
      session = this.#refreshTokens.get(body['refresh_token']!);
      this.#refreshTokens.delete(body['refresh_token']!);
    }
    const found = session === undefined ? undefined : this.#sessions.get(session);
    const user = found && this.users.get(found.user);
    if (session === undefined || !found || !user) return refused('Session has already ended.');
    const refreshToken = randomUUID();
    this.#refreshTokens.set(refreshToken, session);
    const organization = found.organization === undefined ? {} : { org_id: found.organization };
    send(200, {
      ...{ user: userJson(user), refresh_token: refreshToken, authentication_method: 'Password' },
      access_token: await this.token({ sub: user.id, sid: session, ...organization }),
      ...(found.organization !== undefined && { organization_id: found.organization }),
    });
  }

  #list(asked: URLSearchParams, send: (status: number, body: object) => void): void {
    const statuses = asked.getAll('statuses').concat(asked.getAll('statuses[]'));
    const all = this.memberships.filter((one) => one.user_id === asked.get('user_id'));
    const matching = all.filter(({ status }) => statuses.length === 0 || statuses.join(',').includes(status));
    const limit = Math.min(Number(asked.get('limit') ?? 10), 2);
    const begin = asked.get('after') === null ? 0 : Number(asked.get('after'));
    const data = matching.slice(begin, begin + limit).map((one, at) => ({
      ...{ object: 'organization_membership', id: `om_${begin + at}`, ...one, role: { slug: one.role } },
      ...{ created_at: new Date(0).toISOString(), updated_at: new Date(0).toISOString() },
    }));
    const after = begin + limit < matching.length ? String(begin + limit) : null;
    send(200, { object: 'list', data, list_metadata: { before: null, after } });
  }
}

function userJson(user: FakeUser): object {
  const nothing = { profile_picture_url: null, last_sign_in_at: null, locale: null, external_id: null, metadata: {} };
  return {
    object: 'user',
    ...user,
    ...nothing,
    created_at: new Date(0).toISOString(),
    updated_at: new Date(0).toISOString(),
  };
}
