import type { FastifyInstance, RouteOptions } from 'fastify';
import { PositionCodec } from '@opensync/contracts';
import { createLogger, loadSettings } from '@opensync/platform';
import { createHttpApp, writeClassOf } from '@opensync/platform/http';
import { INGEST_ROUTES } from './api-routes.ts';
import { ingestModule, type IngestResources } from './index.ts';

/** All routes of the application with their classes under overload; nothing is sent to them. */
async function classesOfRoutes(): Promise<Map<string, string | undefined>> {
  const app = await createHttpApp(ingestModule({} as IngestResources), {
    settings: loadSettings({}),
    logger: createLogger('silent', 'ingest-test'),
    authenticate: async () => undefined,
    positions: new PositionCodec(() => ['test']),
    health: { ready: () => Promise.resolve({}), live: () => Promise.resolve(true) },
  });
  const classes = new Map<string, string | undefined>();
  const instance = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  instance.addHook('onRoute', (route: RouteOptions) => {
    for (const method of [route.method].flat()) classes.set(`${method} ${route.url}`, writeClassOf(route));
  });
  try {
    await app.init();
  } finally {
    await app.close();
  }
  return classes;
}

describe('under overload', () => {
  it('batches give way before single events, and questions of plugins never do', async () => {
    const classes = await classesOfRoutes();
    for (const { method, path } of INGEST_ROUTES) expect([...classes.keys()]).toContain(`${method} ${path}`);
    expect(Object.fromEntries([...classes].filter(([, kind]) => kind !== undefined))).toEqual({
      'POST /sync/session': 'event',
      'POST /sync/message': 'event',
      'POST /sync/batch': 'batch',
    });
  });
});
