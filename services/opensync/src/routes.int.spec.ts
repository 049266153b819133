import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createLogger, loadSettings } from '@opensync/platform';
import { DEFAULT_ACCESS } from '@opensync/platform/http';
import { Disposal } from '@opensync/platform/service';
import { KEYED_ROUTES, PUBLIC_ROUTES, temporaryFolder } from '@opensync/testkit';
import { startSystem } from './system/app.ts';

/** The checked properties of a Fastify instance. */
interface Instance {
  addHook(
    name: 'onRoute',
    hook: (route: { method: string | string[]; url: string; config?: { access?: unknown } }) => void,
  ): void;
}

describe('the routes of the all-in-one', () => {
  it('are those that the tests of keys, owners and hostile input cover', async () => {
    const open: string[] = [];
    const keyed: string[] = [];
    // Fastify reports each of its instances before anything is added to it.
    const collect = (message: unknown) => {
      const { fastify } = message as { fastify: Instance };
      fastify.addHook('onRoute', ({ method, url, config }) => {
        for (const name of [method].flat()) {
          // Routes that the framework adds itself: HEAD for GET, and preflights.
          if (name === 'HEAD' || name === 'OPTIONS') continue;
          const route = `${name} ${url}`;
          if (config?.access === 'public') open.push(route);
          else keyed.push(`${route} for ${String(config?.access ?? DEFAULT_ACCESS)}`);
        }
      });
    };
    subscribe('fastify.initialization', collect);
    const folder = await temporaryFolder();
    const disposal = new Disposal(() => undefined);
    try {
      const settings = loadSettings({ ...process.env, OPENSYNC_DATA_DIR: folder.path, PORT: '0' });
      await startSystem(settings, { logger: createLogger('silent', 'test'), report: () => undefined, disposal });
    } finally {
      unsubscribe('fastify.initialization', collect);
      await disposal.run(5000);
      await folder.remove();
    }
    const known = KEYED_ROUTES.map(({ method, route, access }) => `${method} ${route} for ${String(access)}`);
    expect(keyed.sort()).toEqual(known.sort());
    expect(open.sort()).toEqual(PUBLIC_ROUTES);
  });
});
