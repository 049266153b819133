import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ROLES } from '@opensync/contracts';
import { createLogger, loadSettings } from '@opensync/platform';
import { DEFAULT_ACCESS } from '@opensync/platform/http';
import { Disposal } from '@opensync/platform/service';
import { KEYED_ROUTES, PUBLIC_ROUTES, temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import {
  actualOutcomes,
  createAccessWorld,
  expectedOutcomes,
  pathOfPublic,
  RULES,
  viewsOfOthers,
  send,
  type AccessWorld,
} from '@opensync/testkit/access';
import { startSystem } from './system/app.ts';
import { readRuntime } from './system/data-folder.ts';
import { openPeople } from '@opensync/event-log/testing';

/** The checked properties of a Fastify instance. */
interface Instance {
  addHook(
    name: 'onRoute',
    hook: (route: { method: string | string[]; url: string; config?: { access?: unknown } }) => void,
  ): void;
}

/** What docs/access.md promises, on the all-in-one within this process. */
describe('the access matrix', () => {
  const disposal = new Disposal(() => undefined);
  const open: string[] = [];
  const keyed: string[] = [];
  let folder: TemporaryFolder;
  let world: AccessWorld;
  let before: Readonly<Record<string, string>>;

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

  beforeAll(async () => {
    folder = await temporaryFolder();
    const settings = loadSettings({
      ...process.env,
      ...{ OPENSYNC_DATA_DIR: folder.path, PORT: '0', OPENSYNC_SYNC: 'interval', OPENSYNC_KEYLESS_LIMIT: '0' },
    });
    const logger = createLogger('silent', 'test');
    subscribe('fastify.initialization', collect);
    const { url } = await startSystem(settings, { logger, report: () => undefined, disposal });
    unsubscribe('fastify.initialization', collect);
    const { natsUrl, natsToken } = (await readRuntime(folder.path))!;
    await using people = await openPeople({ servers: natsUrl, token: natsToken });
    world = await createAccessWorld(url, people, ROLES);
    before = await viewsOfOthers(world);
  });
  afterAll(async () => {
    unsubscribe('fastify.initialization', collect);
    await disposal.run(5_000);
    await folder.remove();
  });

  it('has a row for every route of the product', () => {
    const known = KEYED_ROUTES.map(({ method, route, access }) => `${method} ${route} for ${String(access)}`);
    expect(keyed.sort()).toEqual(known.sort());
    expect(open.sort()).toEqual(PUBLIC_ROUTES);
  });

  it.each(RULES.map((rule) => [rule.name, rule] as const))('%s', async (_name, rule) => {
    expect(await actualOutcomes(world, rule)).toEqual(expectedOutcomes(rule, ROLES));
  });

  it.each(PUBLIC_ROUTES.filter((route) => route.startsWith('GET ')))('%s is for anyone', async (route) => {
    expect((await send(world, { path: pathOfPublic(world, route) })).status).toBe(200);
  });

  it('leaves the sessions of others as they were', async () => {
    expect(await viewsOfOthers(world)).toEqual(before);
  });
});
