import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
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

/** Public routes that give a browser a cookie, or tell it what for. */
const LOGIN_ROUTES = [
  ['GET', '/auth/callback/oidc'],
  ['POST', '/auth/invitation'],
  ['POST', '/auth/login/invitation'],
  ['POST', '/auth/login/link'],
  ['POST', '/auth/login/provider'],
] as const;

/** As a page sends it that was loaded under another name: to itself, as the browser sees it. */
function strange({ url }: Pick<AccessWorld, 'url'>) {
  const host = `rebound.example.com:${new URL(url).port}`;
  return { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
}

/** With any headers: fetch sends its own Host. */
async function browse(
  url: string,
  { method, path, json }: { method: string; path: string; json?: object | undefined },
  headers: Readonly<Record<string, string>>,
) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const sent = request(new URL(path, url), { method, headers: { ...type, ...headers } });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  sent.end(body);
  const [answer] = await answered;
  return { status: answer.statusCode, setCookie: answer.headers['set-cookie']?.[0], text: await text(answer) };
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

  describe('under a name that a stranger points at this machine', () => {
    let cookie: string;
    let csrfToken: string;
    beforeAll(async () => {
      const authorization = `Bearer ${world.members.get('owner')!.keys.admin}`;
      const login = await browse(world.url, { method: 'POST', path: '/auth/login/key', json: {} }, { authorization });
      expect(login).toMatchObject({ status: 200 });
      [cookie] = login.setCookie!.split(';', 1) as [string];
      ({ csrfToken } = JSON.parse(login.text) as { csrfToken: string });
      expect(await browse(world.url, { method: 'GET', path: '/auth/session' }, { cookie })).toMatchObject({
        status: 200,
      });
    });

    // A cookie counts for nothing where a login begins with a key.
    const byKey = '/auth/login/key';
    const ofEachRoute = KEYED_ROUTES.filter(({ route }) => route !== byKey).map((route) =>
      RULES.find((rule) => rule.route === route)!,
    );
    it.each(ofEachRoute.map((rule) => [`${rule.route.method} ${rule.route.route}`, rule] as const))(
      '%s refuses the cookie of a login',
      async (_name, rule) => {
        const { method } = rule.route;
        const call = { method, ...rule.route.call(world.aim(rule, 'owner', 'own')) };
        expect(await browse(world.url, call, { ...strange(world), cookie, 'x-csrf-token': csrfToken })).toMatchObject({
          status: 403,
          text: expect.stringContaining('names of this machine') as string,
        });
      },
    );

    it('begins no login with a key', async () => {
      const authorization = `Bearer ${world.members.get('owner')!.keys.admin}`;
      const call = { method: 'POST', path: byKey, json: {} };
      expect(await browse(world.url, call, { ...strange(world), authorization })).toMatchObject({
        status: 403,
        setCookie: undefined,
      });
    });

    it.each(LOGIN_ROUTES)('%s %s logs nobody in', async (method, path) => {
      const call = { method, path, ...(method === 'POST' && { json: { token: 'none', provider: 'oidc' } }) };
      expect(await browse(world.url, call, strange(world))).toMatchObject({ status: 403, setCookie: undefined });
    });
  });

  it('leaves the sessions of others as they were', async () => {
    expect(await viewsOfOthers(world)).toEqual(before);
  });
});
