import { once } from 'node:events';
import { createServer } from 'node:http';
import { stablePort } from '@opensync/testkit';
import Provider, { type Configuration } from 'oidc-provider';

/** A person at the provider. */
export interface Account {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

/** A certified OpenID provider in this process, which logs in the `person` that is set. */
export class TestOidc {
  static readonly CLIENT = { id: 'opensync', secret: 'a-secret-of-the-client' };
  readonly issuer: string;
  person: Account = { sub: 'ada' };
  readonly #provider: Provider;
  readonly #stop: () => Promise<void>;

  static async start(redirectUris: string[]): Promise<TestOidc> {
    const port = await stablePort();
    return new TestOidc(`http://localhost:${port}`, port, redirectUris).#listening();
  }

  readonly #server = createServer((request, response) => void this.#provider.callback()(request, response));
  readonly #port: number;

  private constructor(issuer: string, port: number, redirectUris: string[]) {
    this.issuer = issuer;
    this.#port = port;
    const configuration: Configuration = {
      clients: [
        {
          ...{ client_id: TestOidc.CLIENT.id, client_secret: TestOidc.CLIENT.secret, redirect_uris: redirectUris },
          ...{ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
          post_logout_redirect_uris: ['http://localhost:3211/auth/login'],
        },
      ],
      cookies: { keys: ['of the test'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      scopes: ['openid', 'email', 'profile', 'offline_access'],
      features: {
        devInteractions: { enabled: false },
        revocation: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
      pkce: { required: () => true },
      rotateRefreshToken: true,
      issueRefreshToken: async () => true,
      findAccount: async (_context, id) => ({ accountId: id, claims: async () => ({ ...this.person, sub: id }) }),
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      loadExistingGrant: async (context) => {
        const { client, session } = context.oidc;
        const grant = new context.oidc.provider.Grant({ clientId: client!.clientId, accountId: session!.accountId! });
        grant.addOIDCScope('openid email profile offline_access');
        await grant.save();
        return grant;
      },
      ttl: { AccessToken: 60, Grant: 600, IdToken: 60, Interaction: 60, RefreshToken: 600, Session: 600 },
    };
    this.#provider = new Provider(issuer, configuration);
    this.#provider.use(async (context, next) => {
      if (!context.path.startsWith('/interaction/')) return next();
      const result = { login: { accountId: this.person.sub } };
      await this.#provider.interactionFinished(context.req, context.res, result);
    });
    this.#stop = async () => {
      this.#server.closeAllConnections();
      this.#server.close();
      await once(this.#server, 'close');
    };
  }

  async #listening(): Promise<this> {
    this.#server.listen(this.#port, 'localhost');
    await once(this.#server, 'listening');
    return this;
  }

  /** What a browser does at the provider: it follows redirects with its cookies until one leads away. Resolves with that address. */
  async visit(url: string): Promise<string> {
    const cookies = new Map<string, string>();
    let next = url;
    for (let hops = 0; hops < 10; hops++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
      for (const set of answer.headers.getSetCookie()) {
        const [pair = ''] = set.split(';');
        cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`the provider answers ${answer.status}: ${await answer.text()}`);
      next = new URL(location, next).href;
      if (!next.startsWith(this.issuer)) return next;
    }
    throw new Error('the provider redirects without an end');
  }

  /** Ends every login at the provider, as its administrator would. */
  async revokeGrants(refreshToken: string): Promise<void> {
    const token = await this.#provider.RefreshToken.find(refreshToken);
    await token?.destroy();
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
