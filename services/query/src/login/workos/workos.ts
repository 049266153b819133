import { timingSafeEqual } from 'node:crypto';
import { AppError, reasonOf } from '@opensync/platform';
import {
  BadRequestException,
  NotFoundException,
  OauthException,
  UnauthorizedException,
  UnprocessableEntityException,
  WorkOS,
} from '@workos-inc/node';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import {
  ProviderError,
  type Challenge,
  type IdentityProvider,
  type Proof,
  type ProviderSession,
} from '../providers/provider.ts';

const TIMEOUT_MS = 10_000;
const KEYS_TIMEOUT_MS = 5_000;
const CLOCKS_DIFFER_SECONDS = 5;
/** Organizations of one person. */
const MOST_MEMBERSHIPS = 500;
const PAGE = 100;

export interface WorkosSettings {
  readonly apiKey: string;
  readonly clientId: string;
  /** `https://api.workos.com`, or a custom domain. */
  readonly apiUrl: string;
}

/** A person as WorkOS has them, with their organizations. */
export interface WorkosPerson {
  readonly email?: string;
  readonly name?: string;
  readonly memberships: readonly { readonly organizationId: string; readonly name: string; readonly role: string }[];
}

/** WorkOS AuthKit: logins, access tokens, and who is in which organization. */
export class WorkosProvider implements IdentityProvider {
  readonly id = 'workos';
  readonly name = 'WorkOS';
  /** The issuer under which WorkOS users are known here, whatever their tokens name. */
  readonly issuer: string;
  readonly #clientId: string;
  readonly #issuers: string[];
  readonly #client: WorkOS;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;

  constructor({ apiKey, clientId, apiUrl }: WorkosSettings) {
    const { hostname, port, protocol, origin } = new URL(apiUrl);
    this.#clientId = clientId;
    this.issuer = `${origin}/user_management/${clientId}`;
    this.#issuers = [origin, `${origin}/`, this.issuer];
    this.#client = new WorkOS(apiKey, {
      ...{ clientId, apiHostname: hostname, https: protocol === 'https:', timeout: TIMEOUT_MS },
      ...(port !== '' && { port: Number(port) }),
    });
    this.#keys = createRemoteJWKSet(new URL(`${origin}/sso/jwks/${encodeURIComponent(clientId)}`), {
      timeoutDuration: KEYS_TIMEOUT_MS,
    });
  }

  /** AuthKit has no nonce: what is bound to the browser is the state and the verifier of PKCE. */
  async begin({ state, verifier, redirectUri }: Challenge): Promise<URL> {
    const codeChallenge = await challengeOf(verifier);
    return new URL(
      this.#client.userManagement.getAuthorizationUrl({
        ...{ provider: 'authkit', clientId: this.#clientId, redirectUri, state },
        ...{ codeChallenge, codeChallengeMethod: 'S256' },
      }),
    );
  }

  async finish(search: string, { state, verifier }: Challenge): Promise<Proof> {
    const answer = new URLSearchParams(search);
    if (!isSame(answer.get('state') ?? '', state)) throw new ProviderError('the state is not that of this browser');
    const code = answer.get('code');
    if (code === null) throw new ProviderError(`WorkOS answers ${answer.get('error')?.slice(0, 100) ?? 'no code'}`);
    return proven(async () => {
      const { user, accessToken, refreshToken, organizationId } =
        await this.#client.userManagement.authenticateWithCode({
          ...{ clientId: this.#clientId, code, codeVerifier: verifier },
        });
      const { sid } = await this.verify(accessToken);
      return {
        identity: { issuer: this.issuer, subject: user.id, ...aboutOf(user) },
        refreshToken,
        ...(typeof sid === 'string' && { session: sid }),
        ...(organizationId !== undefined && { organization: organizationId }),
      };
    });
  }

  async refresh(session: ProviderSession): Promise<ProviderSession> {
    const { refreshToken } = session;
    if (refreshToken === undefined) return session;
    return proven(async () => {
      const answer = await this.#client.userManagement.authenticateWithRefreshToken({
        ...{ clientId: this.#clientId, refreshToken },
      });
      return { ...session, refreshToken: answer.refreshToken };
    });
  }

  async revoke({ session }: ProviderSession): Promise<void> {
    if (session === undefined) return;
    await proven(() => this.#client.userManagement.revokeSession({ sessionId: session }));
  }

  async logoutUrl({ session }: ProviderSession, returnTo: string): Promise<URL | undefined> {
    if (session === undefined) return undefined;
    return new URL(this.#client.userManagement.getLogoutUrl({ sessionId: session, returnTo }));
  }

  /**
   * The claims of an access token that WorkOS has issued for this application.
   * @throws ProviderError for any other token, AppError UNAVAILABLE if its keys cannot be had
   */
  async verify(token: string): Promise<JWTPayload & { readonly sub: string }> {
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        ...{ issuer: this.#issuers, algorithms: ['RS256'], requiredClaims: ['sub', 'exp'] },
        clockTolerance: CLOCKS_DIFFER_SECONDS,
      });
      const audience = [payload.aud ?? []].flat();
      const application = payload['client_id'];
      const isOurs =
        (audience.length === 0 || audience.includes(this.#clientId)) &&
        (application === undefined || application === this.#clientId);
      if (!isOurs) throw new ProviderError('the token is for another application');
      return payload as JWTPayload & { sub: string };
    } catch (error) {
      if (error instanceof ProviderError) throw error;
      const isAway = error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError);
      if (isAway || error.message.startsWith('Expected 200')) throw unavailable(error);
      throw new ProviderError(reasonOf(error), { cause: error });
    }
  }

  /** What WorkOS has at this moment; undefined if there is no such person. @throws AppError UNAVAILABLE, ProviderError */
  async person(userId: string): Promise<WorkosPerson | undefined> {
    return proven(async () => {
      try {
        const user = await this.#client.userManagement.getUser(userId);
        return { ...aboutOf(user), memberships: await this.#memberships(userId) };
      } catch (error) {
        if (error instanceof NotFoundException) return undefined;
        throw error;
      }
    });
  }

  async #memberships(userId: string): Promise<WorkosPerson['memberships']> {
    const found: { organizationId: string; name: string; role: string }[] = [];
    let after: string | undefined;
    do {
      const page = await this.#client.userManagement.listOrganizationMemberships({
        ...{ userId, statuses: ['active'], limit: PAGE },
        ...(after !== undefined && { after }),
      });
      for (const { organizationId, organizationName, role } of page.data) {
        found.push({ organizationId, name: organizationName, role: role.slug });
      }
      after = page.listMetadata.after ?? undefined;
    } while (after !== undefined && found.length < MOST_MEMBERSHIPS);
    return found;
  }
}

/** For display. An unverified address may belong to anybody. */
function aboutOf(user: {
  readonly email: string;
  readonly emailVerified: boolean;
  readonly firstName: string | null;
  readonly lastName: string | null;
}): { email?: string; name?: string } {
  const name = [user.firstName, user.lastName].filter(Boolean).join(' ').slice(0, 100);
  return { ...(user.emailVerified && { email: user.email }), ...(name !== '' && { name }) };
}

async function challengeOf(verifier: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return Buffer.from(hash).toString('base64url');
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const REFUSALS = [
  BadRequestException,
  NotFoundException,
  OauthException,
  UnauthorizedException,
  UnprocessableEntityException,
];

/** @throws ProviderError for a refusal, AppError UNAVAILABLE if WorkOS is away or busy */
async function proven<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError || error instanceof ProviderError) throw error;
    if (!REFUSALS.some((refusal) => error instanceof refusal)) throw unavailable(error);
    // Our own key is wrong: that says nothing about the person.
    if (error instanceof UnauthorizedException) throw unavailable(error);
    throw new ProviderError(reasonOf(error), { cause: error });
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError('UNAVAILABLE', 'WorkOS does not answer at the moment', { cause });
}
