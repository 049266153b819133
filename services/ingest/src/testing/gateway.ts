import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { decodeEvent, PositionCodec, type Principal, type StoredEvent } from '@opensync/contracts';
import { EventPublisher, EventReader, ProjectionProgress, connectLog, reconcileTopology } from '@opensync/event-log';
import { PayloadStore } from '@opensync/event-log/payloads';
import { createLogger } from '@opensync/platform';
import { assertDocumented } from '@opensync/platform/api-document';
import { createHttpApp, type HttpAppOptions } from '@opensync/platform/http';
import { openSqliteDocuments } from '@opensync/stores';
import { anOwner, startTestNats, temporaryFolder, type TestNats } from '@opensync/testkit';
import { INGEST_ROUTES } from '../api-routes.ts';
import { ingestModule } from '../index.ts';

export const ADA = anOwner('ada@example.com');
export const BOB = anOwner('bob@example.com');
export const ADAS_KEY = 'osk_adas_key_123456';
export const BOBS_KEY = 'osk_bobs_key_123456';

const PRINCIPALS = new Map<string, Principal>([
  [ADAS_KEY, { ...ADA, role: 'member', keyId: 'ada', scopes: ['ingest'] }],
  [BOBS_KEY, { ...BOB, role: 'member', keyId: 'bob', scopes: ['ingest'] }],
]);

const POSITIONS = new PositionCodec(() => ['test']);

export type Gateway = Awaited<ReturnType<typeof startGateway>>;

/**
 * The gateway on a real log and a real store, with the keys of two owners; or a replica of another one on the same
 * log.
 */
export async function startGateway(
  replicated?: { readonly nats: TestNats },
  settings: Partial<HttpAppOptions['settings']> = {},
) {
  const nats = replicated?.nats ?? (await startTestNats());
  const folder = await temporaryFolder();
  const nc = await connectLog({ servers: nats.url, name: 'ingest-test' });
  await reconcileTopology(nc, { replicas: 1 });
  const publisher = new EventPublisher(nc, { source: 'opensync/ingest', mode: 'group', ackTimeoutMs: 1_000 });
  const payloads = new PayloadStore(nc);
  const documents = await openSqliteDocuments(join(folder.path, 'documents.sqlite'));
  const reader = new EventReader(nc);
  const app = await createHttpApp(
    ingestModule({ publisher, payloads, documents, progress: new ProjectionProgress(nc) }),
    {
      settings: {
        OPENSYNC_BODY_LIMIT: 10 * 1024 * 1024,
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
        ...settings,
      },
      logger: createLogger('silent', 'ingest-test'),
      authenticate: async (token) => PRINCIPALS.get(token),
      positions: POSITIONS,
      health: { ready: () => Promise.resolve({}), live: () => Promise.resolve(true) },
    },
  );
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;

  return {
    url,
    nats,
    nc,
    payloads,
    documents,

    /** Sends JSON as Ada, or with the key in `headers`; a string or bytes are sent unchanged. */
    async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADAS_KEY}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      });
      const contentType = response.headers.get('content-type') ?? undefined;
      const isJson = contentType?.startsWith('application/json') ?? false;
      const answer: unknown = isJson ? await response.clone().json() : undefined;
      assertDocumented(INGEST_ROUTES, {
        method: 'POST',
        url: path,
        status: response.status,
        contentType,
        body: answer,
      });
      return response;
    },

    /** The list of synced sessions, for Ada or the key in `headers`. */
    list(headers: Record<string, string> = {}): Promise<Response> {
      return fetch(`${url}/sync/sessions/list`, { headers: { authorization: `Bearer ${ADAS_KEY}`, ...headers } });
    },

    /** All events of the log after `sequence`. */
    async eventsAfter(sequence: number): Promise<StoredEvent[]> {
      const events: StoredEvent[] = [];
      for (;;) {
        const raw = await reader.get(sequence + events.length + 1);
        if (!raw) return events;
        events.push(decodeEvent(raw));
      }
    },

    async stop(): Promise<void> {
      await app.close();
      await publisher.close();
      await documents.close();
      await nc.close();
      if (!replicated) await nats.stop();
      await folder.remove();
    },
  };
}

/** The sequence of the answer's `Osk-Sequence`: the event with the highest sequence that the request made. */
export function sequenceOf(response: Response): number {
  return POSITIONS.of(ADA.workspaceId).decode(response.headers.get('osk-sequence') ?? '') ?? NaN;
}
