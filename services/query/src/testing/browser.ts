import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { assertDocumented, type ApiRoute } from '@opensync/platform/api-document';

export const HOST = 'localhost:3211';
export const ORIGIN = `http://${HOST}`;

// What an answer holds is what the tests are about.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Body = any;
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** A browser: it keeps cookies, and sends them, an Origin and the CSRF token that it was told. */
export class Browser {
  readonly cookies = new Map<string, string>();
  csrfToken: string | undefined;
  readonly #app: NestFastifyApplication;
  readonly #routes: readonly ApiRoute[];

  constructor(app: NestFastifyApplication, routes: readonly ApiRoute[]) {
    this.#app = app;
    this.#routes = routes;
  }

  async send(method: Method, url: string, body?: object, headers: Record<string, string> = {}) {
    const answer = await this.#app.inject({
      method,
      url,
      headers: {
        host: HOST,
        ...(this.cookies.size > 0 && { cookie: [...this.cookies].map(([name, of]) => `${name}=${of}`).join('; ') }),
        ...(method !== 'GET' && { origin: ORIGIN }),
        ...(this.csrfToken !== undefined && { 'x-csrf-token': this.csrfToken }),
        ...headers,
      },
      ...(body && { payload: body }),
    });
    const set = [answer.headers['set-cookie'] ?? []].flat();
    for (const cookie of set) this.#keep(cookie);
    const type = answer.headers['content-type'];
    const json = String(type).startsWith('application/json') ? answer.json<Record<string, never>>() : undefined;
    const seen = { method, url, status: answer.statusCode, contentType: String(type), body: json };
    assertDocumented(this.#routes, seen);
    if (typeof json?.['csrfToken'] === 'string') this.csrfToken = json['csrfToken'];
    return { status: answer.statusCode, headers: answer.headers, set, text: answer.body, body: json as Body };
  }

  async isLoggedIn() {
    return (await this.send('GET', '/auth/session')).status === 200;
  }

  /** With a key; a browser that has a cookie logs in again. */
  logIn(key: string) {
    return this.send('POST', '/auth/login/key', {}, { authorization: `Bearer ${key}` });
  }

  /** Somebody else who has this browser's cookies. */
  copy(): Browser {
    const copy = new Browser(this.#app, this.#routes);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    copy.csrfToken = this.csrfToken;
    return copy;
  }

  #keep(cookie: string): void {
    const [pair = ''] = cookie.split(';');
    const at = pair.indexOf('=');
    if (/Max-Age=0;/.test(cookie)) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
