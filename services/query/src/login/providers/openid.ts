import { AppError, reasonOf } from '@opensync/platform';
import { isThisMachine } from '@opensync/platform/http';
import * as client from 'openid-client';
import { ProviderError, type Challenge, type IdentityProvider, type Proof, type ProviderSession } from './provider.ts';

const TIMEOUT_SECONDS = 10;
const LONGEST_TOKEN = 2_048;

export interface OpenIdSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/** Any provider that speaks OpenID Connect and has a discovery document. */
export class OpenIdProvider implements IdentityProvider {
  readonly id = 'oidc';
  readonly name: string;
  readonly #settings: OpenIdSettings;
  #discovered: Promise<client.Configuration> | undefined;

  constructor(settings: OpenIdSettings) {
    this.#settings = settings;
    this.name = new URL(settings.issuer).hostname;
  }

  async begin({ state, nonce, verifier, redirectUri }: Challenge): Promise<URL> {
    const config = await this.#config();
    // If the provider supports it, this scope returns a refresh token, with which to check later whether the login still holds.
    const offline = config.serverMetadata().scopes_supported?.includes('offline_access') ? ' offline_access' : '';
    return client.buildAuthorizationUrl(config, {
      ...{ redirect_uri: redirectUri, scope: `openid profile email${offline}`, response_type: 'code', state, nonce },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    });
  }

  async finish(search: string, { state, nonce, verifier, redirectUri }: Challenge): Promise<Proof> {
    const config = await this.#config();
    const url = new URL(redirectUri);
    url.search = search;
    return proven(async () => {
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await client.authorizationCodeGrant(config, url, checks);
      const claims = tokens.claims()!;
      const known = claims['email'] === undefined ? await moreOf(config, tokens.access_token, claims.sub) : claims;
      return {
        identity: { issuer: claims.iss, subject: claims.sub, ...aboutOf(known) },
        ...(typeof claims['sid'] === 'string' && { session: claims['sid'] }),
        ...(fits(tokens.refresh_token) && { refreshToken: tokens.refresh_token }),
      };
    });
  }

  async refresh(session: ProviderSession): Promise<ProviderSession> {
    const { refreshToken } = session;
    if (refreshToken === undefined) return session;
    const config = await this.#config();
    return proven(async () => {
      const tokens = await client.refreshTokenGrant(config, refreshToken);
      // Without a new one, the former one stays valid.
      return { ...session, refreshToken: fits(tokens.refresh_token) ? tokens.refresh_token : refreshToken };
    });
  }

  async revoke({ refreshToken }: ProviderSession): Promise<void> {
    if (refreshToken === undefined) return;
    const config = await this.#config();
    if (config.serverMetadata().revocation_endpoint === undefined) return;
    await proven(() => client.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' }));
  }

  async logoutUrl(_session: ProviderSession, returnTo: string): Promise<URL | undefined> {
    const config = await this.#config();
    if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
    // With the id of the client in place of the id token, which would have to be stored: it names the person.
    return client.buildEndSessionUrl(config, { post_logout_redirect_uri: returnTo });
  }

  /** The provider's discovery document, read once; a provider that was away is asked again. @throws AppError UNAVAILABLE */
  async #config(): Promise<client.Configuration> {
    this.#discovered ??= this.#discover();
    try {
      return await this.#discovered;
    } catch (cause) {
      this.#discovered = undefined;
      throw unavailable(cause);
    }
  }

  #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const server = new URL(issuer);
    const isLocal = server.protocol === 'http:' && isThisMachine(server.hostname);
    return client.discovery(
      server,
      clientId,
      clientSecret,
      clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret),
      { timeout: TIMEOUT_SECONDS, ...(isLocal && { execute: [client.allowInsecureRequests] }) },
    );
  }
}

/** Providers may keep what is about a person out of the id token. */
async function moreOf(config: client.Configuration, accessToken: string, subject: string): Promise<object> {
  if (config.serverMetadata().userinfo_endpoint === undefined) return {};
  return client.fetchUserInfo(config, accessToken, subject);
}

/** For display. An address that the provider has not verified is anybody's. */
function aboutOf(claims: object): { email?: string; name?: string } {
  const { email, email_verified: isVerified, name } = claims as Readonly<Record<string, unknown>>;
  return {
    ...(typeof email === 'string' && isVerified === true && email.length <= 320 && { email }),
    ...(typeof name === 'string' && name !== '' && { name: name.slice(0, 100) }),
  };
}

function fits(token: string | undefined): token is string {
  return token !== undefined && token.length <= LONGEST_TOKEN;
}

/** @throws ProviderError for a refusal and for an answer that proves nothing, AppError UNAVAILABLE if the provider is away */
async function proven<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const status = error instanceof client.ResponseBodyError ? error.status : undefined;
    if ((status !== undefined && status >= 500) || isNetworkFailure(error)) throw unavailable(error);
    throw new ProviderError(reasonOf(error), { cause: error });
  }
}

function isNetworkFailure(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return error instanceof TypeError || name === 'TimeoutError' || code === 'OAUTH_TIMEOUT';
}

function unavailable(cause: unknown): AppError {
  return new AppError('UNAVAILABLE', 'The identity provider does not answer at the moment', { cause });
}
