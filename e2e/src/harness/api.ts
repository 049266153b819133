/** An answer as it came: any status, nothing thrown. */
export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly requestId: string;
    readonly details?: readonly { readonly path: string; readonly message: string }[];
  };
}

export interface SessionSummary {
  readonly _id: string;
  readonly id: string;
  readonly externalId: string;
  readonly title: string | null;
  readonly source: string;
  readonly messageCount: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly [field: string]: unknown;
}

export interface Message {
  readonly id: string;
  readonly externalId: string;
  readonly role: string;
  readonly textContent: string | null;
  readonly parts: readonly { readonly type: string; readonly content: unknown; readonly order: number }[];
  readonly [field: string]: unknown;
}

export type SessionPage = SessionSummary & {
  readonly messages: readonly Message[];
  readonly messageCursor?: string | null;
};

export interface SearchResult {
  readonly sessionId: string;
  readonly messageId: string | null;
  readonly title: string | null;
  readonly snippet: string;
  readonly score: number;
  readonly matchedIn: readonly string[];
}
export interface SearchAnswer {
  readonly results: readonly SearchResult[];
  readonly degraded?: readonly string[];
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/** The product's HTTP API with one key. An unexpected answer is an error that shows the whole answer. */
export class Api {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  async request<Body = Record<string, unknown>>(path: string, options: RequestOptions = {}): Promise<Answer<Body>> {
    const { json } = options;
    const response = await fetch(this.url + path, {
      method: options.method ?? (json === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: json === undefined ? null : JSON.stringify(json),
    });
    const text = await response.text();
    // MCP may answer with an event.
    const isEvent = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const body: unknown = isEvent ? { text } : text ? JSON.parse(text) : {};
    return { status: response.status, headers: response.headers, body: body as Body };
  }

  async get<Body>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Body> {
    return (await this.#expectOk<Body>(path, { headers })).body;
  }

  /** Resolves with the position of the write's last event. */
  async write(path: string, json: unknown): Promise<string> {
    const { headers } = await this.#expectOk(path, { json });
    return positionOf(headers);
  }

  syncSession(session: object): Promise<string> {
    return this.write('/sync/session', session);
  }

  syncMessage(message: object): Promise<string> {
    return this.write('/sync/message', message);
  }

  syncBatch(batch: { sessions?: readonly object[]; messages?: readonly object[] }): Promise<string> {
    return this.write('/sync/batch', batch);
  }

  /** All sessions, newest first, read page by page; without `costs`. */
  async sessions(parameters = '', pageSize = 200): Promise<SessionSummary[]> {
    const all: SessionSummary[] = [];
    let cursor: string | null | undefined;
    do {
      const page: { sessions: (SessionSummary & { costs?: unknown })[]; cursor?: string | null } = await this.get(
        `/api/sessions?limit=${pageSize}${parameters}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
      );
      all.push(...page.sessions.map(({ costs: _later, ...session }) => session));
      cursor = page.cursor;
    } while (cursor);
    return all;
  }

  /**
   * One session with all its messages, read page by page. `after` waits for the write, or several, to be applied. Without `costs`, which
   * follow by some seconds.
   */
  async session(id: string, after?: string): Promise<SessionPage> {
    const wait: Record<string, string> = after === undefined ? {} : { 'osk-wait-sequence': after };
    const messages: Message[] = [];
    let cursor: string | null | undefined;
    let page: SessionPage & { costs?: unknown };
    do {
      const query = `messageLimit=200${cursor ? `&messageCursor=${encodeURIComponent(cursor)}` : ''}`;
      page = await this.get<SessionPage & { costs?: unknown }>(
        `/api/sessions/${encodeURIComponent(id)}?${query}`,
        wait,
      );
      messages.push(...page.messages);
      cursor = page.messageCursor;
    } while (cursor);
    const { costs: _later, ...session } = page;
    return { ...session, messages };
  }

  async search(query: string, type: 'fulltext' | 'semantic' | 'hybrid', limit = 20): Promise<SearchAnswer> {
    return (await this.#expectOk<SearchAnswer>('/search', { json: { query, type, limit } })).body;
  }

  async #expectOk<Body>(path: string, options: RequestOptions): Promise<Answer<Body>> {
    const answer = await this.request<Body>(path, options);
    if (answer.status === 200) return answer;
    throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}

/** The position of a write. */
export function positionOf(headers: Headers): string {
  const position = headers.get('osk-sequence');
  if (!/^pos_[\w-]{22}$/.test(position ?? '')) throw new Error(`the answer has no Osk-Sequence: ${position}`);
  return position!;
}
