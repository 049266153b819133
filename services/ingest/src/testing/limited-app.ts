/** A program for exhaustion.int.spec.ts: an application with the budgets that fit the memory of this process. */
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { PositionCodec } from '@opensync/contracts';
import { createHttpApp } from '@opensync/platform/http';

class LimitedModule {}

const app = await createHttpApp(
  { module: LimitedModule },
  {
    logger: pino({ level: 'silent' }),
    authenticate: async (token) => ({
      workspaceId: 'wsp_1',
      userId: 'usr_1',
      role: 'owner',
      keyId: token,
      scopes: ['ingest', 'read'],
    }),
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
const instance = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
instance.post('/write', { config: { access: ['ingest'] } }, async () => ({ ok: true }));
instance.post('/ask', { config: { access: ['read'] } }, async () => ({ ok: true }));
await app.listen(0, '127.0.0.1');
process.send!((app.getHttpServer().address() as { port: number }).port);
