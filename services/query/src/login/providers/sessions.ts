import type { DueLogin, LoginDirectory, StoredProvider } from '@opensync/event-log/logins';
import { reasonOf, type Logger } from '@opensync/platform';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { ProviderError, type IdentityProvider, type ProviderSession, type Proof } from './provider.ts';

/** How often a login that is in use is compared with the provider. */
const CHECKED_EVERY_MS = 10 * 60_000;
const TICK_MS = 15_000;
/** Providers limit how often they are asked. */
const MOST_AT_ONCE = 4;
const HEADER = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * Checks logins at a provider while they are in use: a login that ended there ends here. The refresh token
 * is stored encrypted, because a copy of the log must not give access to the provider.
 */
export class ProviderSessions {
  readonly #logins: LoginDirectory;
  readonly #providers: readonly IdentityProvider[];
  readonly #key: () => Uint8Array;
  readonly #logger: Logger;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: {
    readonly logins: LoginDirectory;
    readonly providers: readonly IdentityProvider[];
    readonly key: () => Uint8Array;
    readonly logger: Logger;
    readonly now?: (() => number) | undefined;
  }) {
    const { logins, providers, key, logger, now = Date.now } = options;
    [this.#logins, this.#providers, this.#key, this.#logger, this.#now] = [logins, providers, key, logger, now];
  }

  /** Checks what is due, from now on. */
  start(): void {
    if (this.#providers.length > 0) this.#timer = setInterval(() => void this.check(), TICK_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** What a new login keeps of the one at the provider. */
  async stored(id: string, { identity, session, refreshToken }: Proof): Promise<StoredProvider> {
    const { issuer, subject } = identity;
    const now = this.#now();
    return {
      ...{ id, issuer, subject },
      ...(session !== undefined && { session }),
      ...(refreshToken !== undefined && {
        sealed: await this.#seal(refreshToken),
        checkAt: now + CHECKED_EVERY_MS,
      }),
    };
  }

  /** Asks the providers about every login that is due. One of several gateways does. */
  check(): Promise<void> {
    this.#running ??= this.#check().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Ends a login at the provider as well, and resolves with where the browser ends its own there. */
  async end(stored: StoredProvider, returnTo: string): Promise<URL | undefined> {
    const provider = this.#of(stored);
    if (!provider) return undefined;
    try {
      const session = await this.#opened(stored);
      await provider.revoke(session);
      return await provider.logoutUrl(session, returnTo);
    } catch (error) {
      // Our login has ended; the provider's is best effort.
      this.#logger.info({ provider: stored.id, reason: reasonOf(error) }, 'a login was not ended at its provider');
      return undefined;
    }
  }

  async #check(): Promise<void> {
    if (!this.#logins.isCurrent) return;
    const due = this.#logins.due(this.#now());
    while (due.length > 0) {
      const some = due.splice(0, MOST_AT_ONCE);
      await Promise.all(some.map((login) => this.#checkOne(login)));
    }
  }

  async #checkOne(login: DueLogin): Promise<void> {
    try {
      const provider = this.#of(login.provider);
      // The one that stores this asks: a token that two ask with at the same time would look stolen.
      const claimed = provider && (await this.#logins.claimCheck(login));
      if (!provider || !claimed) return;
      const answered = await this.#ask(provider, claimed);
      if (answered === 'ended') await this.#logins.endHash(login.hash);
      else await this.#logins.checked(claimed, answered);
    } catch (error) {
      this.#logger.warn({ reason: reasonOf(error) }, 'a login could not be compared with its provider');
    }
  }

  async #ask(provider: IdentityProvider, { provider: stored }: DueLogin): Promise<StoredProvider | 'ended'> {
    const now = this.#now();
    const { failingSince, ...known } = stored;
    try {
      const { session, refreshToken } = await provider.refresh(await this.#opened(stored));
      return {
        ...{ ...known, checkAt: now + CHECKED_EVERY_MS },
        ...(session !== undefined && { session }),
        ...(refreshToken !== undefined && { sealed: await this.#seal(refreshToken) }),
      };
    } catch (error) {
      if (error instanceof ProviderError) return 'ended';
      return { ...known, checkAt: now + CHECKED_EVERY_MS / 10, failingSince: failingSince ?? now };
    }
  }

  #of({ id }: StoredProvider): IdentityProvider | undefined {
    return this.#providers.find((provider) => provider.id === id);
  }

  /** @throws ProviderError if the token cannot be read, because the secret is another one */
  async #opened({ session, sealed }: StoredProvider): Promise<ProviderSession> {
    if (sealed === undefined) return { session };
    try {
      const { payload } = await jwtDecrypt(sealed, this.#key(), { keyManagementAlgorithms: [HEADER.alg] });
      return { session, refreshToken: String(payload['token']) };
    } catch (cause) {
      throw new ProviderError('the stored token cannot be read', { cause });
    }
  }

  #seal(token: string): Promise<string> {
    return new EncryptJWT({ token }).setProtectedHeader(HEADER).encrypt(this.#key());
  }
}
