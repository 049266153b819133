/**
 * A program for overload.int.spec.ts: the gateway on the log at `NATS_URL`, with the budgets that fit the memory of this process.
 * `PRINCIPALS` has its keys.
 */
import { join } from 'node:path';
import { pino } from 'pino';
import { PositionCodec, type Principal } from '@opensync/contracts';
import { connectLog, EventPublisher, ProjectionProgress } from '@opensync/event-log';
import { PayloadStore } from '@opensync/event-log/payloads';
// What was built: Node runs this file as it is, and the sources of the module have decorators.
// eslint-disable-next-line @nx/enforce-module-boundaries
import { ingestModule } from '@opensync/ingest';
import { createHttpApp } from '@opensync/platform/http';
import { openSqliteDocuments } from '@opensync/stores';

const { NATS_URL = '', FOLDER = '', PRINCIPALS = '' } = process.env;
const principals = new Map(Object.entries(JSON.parse(PRINCIPALS) as Record<string, Principal>));
const nc = await connectLog({ servers: NATS_URL, name: 'limited-gateway' });
const app = await createHttpApp(
  ingestModule({
    publisher: new EventPublisher(nc, { source: 'opensync/ingest', mode: 'group' }),
    payloads: new PayloadStore(nc),
    documents: await openSqliteDocuments(join(FOLDER, 'documents.sqlite')),
    progress: new ProjectionProgress(nc),
  }),
  {
    logger: pino({ level: 'silent' }),
    authenticate: async (token) => principals.get(token),
    positions: new PositionCodec(() => ['test']),
    health: { ready: () => Promise.resolve({}), live: () => Promise.resolve(true) },
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
    },
  },
);
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as { port: number };
process.send!({ url: `http://127.0.0.1:${port}` });
process.on('message', () => {
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  process.send!({ heldBytes: heapUsed + external });
});
