import type { ClaimedIdentity } from '@opensync/event-log/key-service';

/** Which provider of identities; also how logins with it are called. */
export const PROVIDERS = ['oidc', 'workos'] as const;
export type ProviderId = (typeof PROVIDERS)[number];

/** Binds a login to the browser that began it. Of these values, the provider returns only `state` unchanged. */
export interface Challenge {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
  /** Exactly as it is registered at the provider. */
  readonly redirectUri: string;
}

/** Somebody who has logged in at the provider. */
export interface Proof {
  readonly identity: ClaimedIdentity;
  /** The provider's id of the login there. */
  readonly session?: string | undefined;
  /** Asks the provider later whether the login there still holds. */
  readonly refreshToken?: string | undefined;
  /** The organization that the login is for. */
  readonly organization?: string | undefined;
}

/** What is known of a login at the provider. */
export type ProviderSession = Pick<Proof, 'session' | 'refreshToken'>;

/** Where people log in. Implementations talk HTTP to the provider; their errors are {@link ProviderError}, or AppError UNAVAILABLE. */
export interface IdentityProvider {
  readonly id: ProviderId;
  /** As people read it. */
  readonly name: string;
  /** Where to send the browser. */
  begin(challenge: Challenge): Promise<URL>;
  /** @param search of the address that the provider sent the browser back to, with its `?` */
  finish(search: string, challenge: Challenge): Promise<Proof>;
  /** Checks whether the login is still valid. Resolves with the token for the next check; rejects with ProviderError if it has ended. */
  refresh(session: ProviderSession): Promise<ProviderSession>;
  /** Ends the login at the provider, as far as it allows that without the browser. */
  revoke(session: ProviderSession): Promise<void>;
  /** Where the browser ends its login at the provider; undefined if it has no such page. */
  logoutUrl(session: ProviderSession, returnTo: string): Promise<URL | undefined>;
}

/** The provider refuses, or its answer proves nothing. Asking once more does not help. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
}
