import { get, jsonOf, request, useCsrfToken } from '../api/client.ts';
import type { ApiError } from '../api/errors.ts';
import type { Login } from '../api/types.ts';
import { allows, type Action } from './access.ts';

/** `unknown` until the server said it; `out`: never logged in here; `ended`: was, until now. */
type State = 'unknown' | 'in' | 'out' | 'ended';

const SOONEST_RETRY_MS = 1_000;

/** Other tabs of the same browser have the same cookie. */
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('opensync-login') : undefined;

class LoginSession {
  state = $state<State>('unknown');
  login = $state.raw<Login | undefined>();
  /** Why it ended, if it did. */
  reason = $state('');
  /** Why the server could not say who is logged in. */
  error = $state.raw<ApiError | undefined>();
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Those that are not answered yet. */
  #checks = 0;

  constructor() {
    tabs?.addEventListener('message', () => void this.check());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.state !== 'in') void this.check();
    });
  }

  get isAdmin(): boolean {
    return this.login?.role === 'owner' || this.login?.role === 'admin';
  }

  /** Whether the person may do what needs this scope. */
  may(scope: Login['scopes'][number]): boolean {
    return this.login?.scopes.includes(scope) ?? false;
  }

  /** Whether the person may do this, by role and scope. What belongs to somebody else may still be refused. */
  can(action: Action): boolean {
    return this.login !== undefined && allows(this.login, action);
  }

  /** Asks the server who is logged in. */
  async check(): Promise<void> {
    clearTimeout(this.#retry);
    this.#checks++;
    try {
      this.#begin(await get('/auth/session'));
    } catch (error) {
      const { trouble, retryAfter = 0 } = error as ApiError;
      // `onEnded` has noticed an end; a server that does not answer is asked again when it is back.
      this.error = trouble === 'ended' || trouble === 'lost' ? undefined : (error as ApiError);
      if (trouble !== 'busy') return;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.check(), Math.max(SOONEST_RETRY_MS, retryAfter * 1000));
    } finally {
      this.#checks--;
    }
  }

  /** Something was forbidden: rights may have ended, as those of an operator do. */
  forbidden(): void {
    // The check itself may be what was forbidden.
    if (this.#checks === 0) void this.check();
  }

  ended(): void {
    if (this.state === 'ended' || this.state === 'out') return;
    const { login } = this.login ?? {};
    const others =
      login?.means === 'key' ? 'or the key that you logged in with was revoked' : 'or your membership ended';
    this.reason =
      login && login.endsAt <= Date.now()
        ? 'Your login has reached its end.'
        : `Your login has ended: it was logged out, it was not used for long, ${others}.`;
    this.state = this.state === 'in' ? 'ended' : 'out';
    useCsrfToken(undefined);
  }

  /** @throws ApiError */
  async logInWithKey(key: string): Promise<void> {
    const answer = await request('POST', '/auth/login/key', { headers: { authorization: `Bearer ${key}` }, json: {} });
    this.#begin(await jsonOf(answer));
    tabs?.postMessage('in');
  }

  /** @throws ApiError */
  async logOut(): Promise<void> {
    await request('POST', '/auth/logout', { json: {} }).catch((error: ApiError) => {
      if (error.trouble !== 'ended') throw error;
    });
    this.state = 'out';
    this.login = undefined;
    useCsrfToken(undefined);
    tabs?.postMessage('out');
  }

  #begin(login: Login): void {
    this.error = undefined;
    // What is shown depends on it, and is read again only if it is another one.
    if (JSON.stringify(login) !== JSON.stringify(this.login)) this.login = login;
    useCsrfToken(login.csrfToken);
    this.state = 'in';
  }
}

export const session = new LoginSession();
