import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PositionCodec, type AccessEntry, type Owner, type Role, type Scope } from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log/payloads';
import { closenessOf, createLogger } from '@opensync/platform';
import { assertDocumented } from '@opensync/platform/api-document';
import { createHttpApp, DailyUse } from '@opensync/platform/http';
import { openSqliteDocuments, openSqliteSearch, openSqliteVectors } from '@opensync/stores';
import { anOwner, temporaryFolder } from '@opensync/testkit';
import { QUERY_ROUTES } from '../api/routes.ts';
import { queryModule, type QueryResources } from '../index.ts';
import { exportTurns, pageBudget, pageTurns } from '../open-query.ts';
import { DocsIndex } from '../docs/docs-index.ts';
import { PROJECT_FOLDER } from '../docs/pages.ts';
import { LiveHub, type LiveHubResources } from '../live/live-hub.ts';
import { SearchTurns } from '../search/search-turns.ts';

export interface QueryApp extends AsyncDisposable {
  /** Where live streams hear of changes, as from a projector. */
  readonly announced: Parameters<LiveHubResources['hear']>[0];
  /** What live streams find in the log. */
  readonly log: { applied: number; changesAfter: LiveHubResources['changesAfter'] };
  /** The API access log: what requests have left there. */
  readonly logged: { readonly owner: Owner; readonly entry: AccessEntry }[];
  /** What the app works with. */
  readonly resources: QueryResources;
  /** Works with these instead, until `restore`. */
  replace(resources: Partial<QueryResources>): void;
  restore(): void;
  /** The routes of the app, such as `GET /api/sessions/:id`; HEAD and OPTIONS left out. */
  routes(): readonly string[];
  /** Contents by SHA-256, as the payload store would return them. */
  readonly payloads: Map<string, string | Uint8Array>;
  /** Sends a request as `ada`, `bob` or `cid`, whose keys may read; the keys `ada-admin`, `ada-ingest` and so on have other scopes. */
  request(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    options?: { as?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** The base URL of the app as a server of its own, for what only a connection shows. */
  listen(): Promise<string>;
  /** As `request`, for non-JSON answers. */
  get(url: string, headers?: Record<string, string>, method?: 'GET' | 'HEAD', as?: string): Promise<RawAnswer>;
}

/** An answer whatever it holds. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, string>>;
  /** As it was sent. */
  readonly text: string;
  // What an answer holds is what the tests are about.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export const OWNERS: Readonly<Record<string, Owner>> = {
  ada: anOwner('ada@example.com'),
  bob: anOwner('bob@example.com'),
  /** Of another workspace. */
  cid: anOwner('cid@example.com', 'another'),
};

const POSITIONS = new PositionCodec(() => ['test']);

/** The `Osk-Sequence` of a write, for a user of `OWNERS`. */
export function positionOf(sequence: number, as = 'ada'): string {
  return POSITIONS.of(OWNERS[as]!.workspaceId).encode(sequence);
}

/** The read API on temporary SQLite stores, with everything else replaceable. All users have the role. */
export async function startQueryApp({
  role = 'member',
  live: liveLimits = {},
  mayAccess = () => true,
}: {
  readonly role?: Role;
  readonly live?: Partial<LiveHubResources['limits']>;
  /** Whether a key is valid. */
  readonly mayAccess?: (token: string) => boolean;
} = {}): Promise<QueryApp> {
  const folder = await temporaryFolder();
  const documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
  const search = await openSqliteSearch(join(folder.path, 'search.db'));
  const vectors = await openSqliteVectors({ folder: folder.path, model: 'test', dimensions: 2 });
  const payloads: QueryApp['payloads'] = new Map();
  const logger = createLogger('silent', 'test');
  const logged: QueryApp['logged'] = [];
  const log: QueryApp['log'] = { applied: 100, changesAfter: async () => undefined };
  let announced: QueryApp['announced'] | undefined;
  const live = new LiveHub({
    documents: { load: (...args) => resources.documents.load(...args) },
    hear: (listener) => {
      announced = listener;
      return () => undefined;
    },
    applied: async () => log.applied,
    changesAfter: (...args) => log.changesAfter(...args),
    limits: {
      ...{ streams: 100, streamsPerKey: 20, streamBytes: 1024 * 1024, totalBytes: 64 * 1024 * 1024 },
      ...liveLimits,
    },
    logger,
  });
  const defaults: QueryResources = {
    live,
    documents,
    search,
    vectors,
    payloads: {
      // In pieces of an odd length, so that some begin within a character.
      referenced: (owner, sha256) => defaults.payloads.read(owner, sha256),
      async *read(_owner, sha256, { start = 0, end } = {}) {
        const stored = payloads.get(sha256);
        if (stored === undefined) throw new PayloadLostError(sha256, 'missing');
        const content = Buffer.from(stored as string).subarray(start, end);
        for (let at = 0; at < content.length; at += 100_001) yield content.subarray(at, at + 100_001);
      },
    },
    pageBytes: pageBudget(32 * 1024 * 1024),
    pageTurns: pageTurns(),
    exportTurns: exportTurns(),
    namesIn: () => ['Ada Lovelace'],
    zonesOf: () => [{ zone: 'Europe/Berlin' }],
    nameOf: ({ userId }) => (userId === undefined ? 'Analytical Society' : 'Ada Lovelace'),
    searchTurns: { search: new SearchTurns(), vectors: new SearchTurns() },
    embeddings: { embed: async (texts) => texts.map(() => Float32Array.of(1, 0)) },
    closeness: () => closenessOf({ name: 'a model that nobody knows' }),
    progress: { applied: async () => Infinity, waitFor: async () => true },
    events: { get: async () => undefined },
    publisher: { publish: () => Promise.reject(new Error('no log here')) },
    curations: { last: async () => 0, append: () => Promise.reject(new Error('no log here')) },
    snapshots: { put: () => Promise.reject(new Error('no log here')) },
    pictures: { get: async () => undefined, put: async () => undefined },
    now: Date.now,
    deadLetters: { about: async () => undefined },
    removals: { of: async () => undefined },
    docs: new DocsIndex(PROJECT_FOLDER),
    jobs: { read: async () => [], command: () => Promise.reject(new Error('no log here')) },
    erasures: { begin: () => Promise.reject(new Error('no log here')), of: async () => undefined },
    partial: () => [],
    mcpHosts: ['sync.example.com'],
    operator: {
      log: async () => ({
        ...{ server: 'nats-server 2.12', location: 'localhost:4222', events: 3, bytes: 300, lastSequence: 3 },
        ...{ deadLetters: 1, missing: [], problems: [] },
      }),
      consumers: async () => [],
      stores: async () => [],
      processes: async () => [],
      generations: async () => ({}),
      backups: async () => ({ backups: [], rehearsals: [] }),
      deadLetters: {
        list: async () => [],
        facts: async () => undefined,
        get: async () => undefined,
        drop: async () => false,
      },
      replay: async () => ({ kind: 'missing' }),
      owners: () => [],
    },
    limits: {
      use: new DailyUse(),
      perDay: { requests: 0, events: 0, bytes: 0 },
      perMinute: { ingest: 0, read: 0 },
    },
    console: undefined,
    accessLog: { read: async () => ({ entries: [], next: undefined }) },
    logger,
  };
  const resources = { ...defaults };
  const app: NestFastifyApplication = await createHttpApp(queryModule(resources), {
    settings: {
      OPENSYNC_BODY_LIMIT: 1_000_000,
      OPENSYNC_CORS_ORIGINS: '*',
      OPENSYNC_DAILY_BYTES: 0,
      OPENSYNC_DAILY_EVENTS: 0,
      OPENSYNC_DAILY_REQUESTS: 0,
      OPENSYNC_HEADERS_SECONDS: 10,
      OPENSYNC_INGEST_RATE_LIMIT: 0,
      OPENSYNC_KEYLESS_LIMIT: 0,
      OPENSYNC_MAX_CONNECTIONS: 1000,
      OPENSYNC_ADDRESS_CONNECTIONS: 1000,
      OPENSYNC_READ_RATE_LIMIT: 0,
      OPENSYNC_SHED_FROM: 256,
      OPENSYNC_TRUSTED_PROXIES: '',
      OPENSYNC_WRONG_KEY_LIMIT: 0,
    },
    logger,
    accessLog: { record: (owner, entry) => void logged.push({ owner, entry }) },
    positions: POSITIONS,
    authenticate: async (token) => {
      if (!mayAccess(token)) return undefined;
      const [name = '', scope = 'read'] = token.slice('osk_'.length).split('-');
      const owner = OWNERS[name];
      return owner && { ...owner, role, keyId: `key_${name}`, scopes: [scope as Scope] };
    },
    health: { ready: async () => ({}), live: async () => true },
  });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return {
    resources,
    log,
    logged,
    announced: announced!,
    payloads,
    replace: (instead) => void Object.assign(resources, instead),
    routes: () => routesIn(app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false })),
    restore: () => void Object.assign(resources, defaults),
    async request(method, url, { as = 'ada', body, headers } = {}) {
      const answer = await app.inject({
        method,
        url,
        headers: { authorization: `Bearer osk_${as}`, ...headers },
        ...(body !== undefined && { payload: body as object }),
      });
      const { statusCode: status, body: text } = answer;
      const contentType = answer.headers['content-type']?.toString();
      const isJson = contentType?.startsWith('application/json') ?? false;
      const seen = { method, url, status, contentType, body: isJson ? answer.json<unknown>() : undefined };
      assertDocumented(QUERY_ROUTES, seen);
      return {
        status,
        headers: answer.headers,
        trailers: answer.trailers,
        text,
        get body() {
          return answer.json();
        },
      };
    },
    async listen() {
      const server = app.getHttpAdapter().getInstance().server;
      if (!server.listening) await app.listen(0, '127.0.0.1');
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    async get(url, headers = {}, method = 'GET', as = 'ada') {
      const answer = await app.inject({ method, url, headers: { authorization: `Bearer osk_${as}`, ...headers } });
      return { status: answer.statusCode, headers: answer.headers, bytes: answer.rawPayload };
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await documents.close();
      await search.close();
      await vectors.close();
      await folder.remove();
    },
  };
}

/** Reads the routes from the router's own tree: each line holds a path segment, and a route's methods in brackets. */
function routesIn(tree: string): string[] {
  const path: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent, segment, methods = ''] = /^([│├└─\s]*)(\S*)(?: \((.+)\))?$/.exec(line)!;
    path.splice(indent!.length / 4 - 1);
    path.push(segment!);
    const names = methods.split(', ').filter((name) => name !== '' && name !== 'HEAD' && name !== 'OPTIONS');
    return names.map((name) => `${name} ${path.join('')}`);
  });
}
