import { isDeepStrictEqual } from 'node:util';
import type { Api, SessionPage, SessionSummary } from './api.ts';

interface Item {
  readonly warnings?: readonly { readonly path: string; readonly message: string }[];
}

/** A client of the write API that awaits its answers, and reads what it has written. */
export class Client {
  readonly api: Api;
  /** The last `Osk-Sequence` that it was given. */
  position: string | undefined;

  constructor(api: Api) {
    this.api = api;
  }

  /**
   * Posts to a route of plugins.
   * @param leftOut the paths of all values that the answer reports as left out
   * @throws if the answer does not report that everything else was stored
   */
  async send(path: string, json: object, leftOut: readonly string[] = []): Promise<Record<string, unknown>> {
    const { status, headers, body } = await this.api.request(path, { json });
    const items = [body as Item, ...((body.results as Item[] | undefined) ?? [])];
    const lost = items.flatMap(({ warnings = [] }) => warnings).filter(({ message }) => message.startsWith('left out'));
    const isAsExpected = isDeepStrictEqual(
      lost.map((warning) => warning.path),
      leftOut,
    );
    if (status !== 200 || body.ok !== true || !isAsExpected) {
      throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    }
    this.position = headers.get('osk-sequence') ?? this.position;
    return body;
  }

  /** A session with all that this client has written. */
  page(externalId: string): Promise<SessionPage> {
    return this.api.session(externalId, this.position);
  }

  async listed(parameters: string): Promise<SessionSummary[]> {
    await this.api.get('/api/stats', { 'osk-wait-sequence': this.position! });
    return this.api.sessions(parameters);
  }
}

export function textsOf({ messages }: SessionPage): (string | null)[] {
  return messages.map(({ textContent }) => textContent);
}
