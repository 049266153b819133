import { connectLog } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import { OPERATOR_KEY_MS, refusalOf, SCOPES, type Principal, type Role, type Scope } from '@opensync/contracts';
import { KEYED_ROUTES } from '@opensync/testkit';
import { leaks } from './fuzz/judge.ts';
import { KIND_NAMES } from './fuzz/requests.ts';
import { fuzz } from './fuzz/run.ts';
import { FUZZ_SETTINGS, summaryOf } from './fuzz/summary.ts';
import { createWorld, type World } from './fuzz/world.ts';
import { startAllInOne, type AllInOne } from './harness/all-in-one.ts';
import { rawRequest } from './harness/raw-request.ts';

const SEED = 1;
const REQUESTS = 3_500;
/** Some twenty a second on a busy machine. */
const FUZZ_MS = 400_000;
const JSON_TYPE = { 'content-type': 'application/json' };

/** What no key may do. */
const NEEDS_LOGIN: ReadonlySet<string> = new Set(['POST /auth/connect', 'POST /auth/invitation/join']);

describe('a caller', () => {
  let product: AllInOne;
  let world: World;

  beforeAll(async () => {
    product = await startAllInOne(FUZZ_SETTINGS);
    world = await createWorld(product);
  });
  afterAll(() => product?.stop());

  /** The answer of each route to a call that names the watched owner's session. */
  async function answersTo(authorization: string | undefined) {
    const [session, message, sha256] = [world.sessions[0]!, world.messages[0]!, world.hashes[0]!];
    const named = { session, message, sha256, sequence: world.positions[0]!, words: world.words[0]! };
    return Promise.all(
      KEYED_ROUTES.map(async ({ method, route, access, call }) => {
        const { path, json } = call(named);
        const answer = await rawRequest(product.url, {
          ...{ method, path },
          headers: { ...JSON_TYPE, ...(authorization !== undefined && { authorization }) },
          ...(json && { body: JSON.stringify(json) }),
        });
        return { route: `${method} ${route}`, access, ...answer };
      }),
    );
  }

  it.each(['none', 'wrong', 'malformed', 'revoked'] as const)(
    'gets 401 on every route with a key that is %s',
    async (name) => {
      for (const { route, status } of await answersTo(world.keys[name])) {
        expect({ route, status }).toEqual({ route, status: 401 });
      }
    },
  );

  it('gets 403 on every route that their scope or their role does not allow, and only there', async () => {
    const keys = await keysOf(product, ['member', 'viewer', 'analyst']);
    for (const { role, scope, key } of keys) {
      for (const { route, access, status } of await answersTo(`Bearer ${key}`)) {
        const mayNot = refusalOf({ role, scopes: [scope] } as unknown as Principal, access) !== undefined;
        // Connecting a provider and joining a workspace need a login, which no key is.
        const isRefused = mayNot || NEEDS_LOGIN.has(route);
        expect({ role, scope, route, refused: status === 403 }).toEqual({ role, scope, route, refused: isRefused });
      }
    }
  });

  it('is shown nothing of another owner on any route, with every scope', async () => {
    for (const key of [world.keys.full, world.keys.elsewhere]) {
      for (const { route, status, headers, text } of await answersTo(key)) {
        const shown = leaks({ status, headers: headers as Record<string, string>, body: Buffer.from(text) }, world);
        expect({ route, shown }).toEqual({ route, shown: [] });
      }
    }
  });

  it(
    `gets documented answers to ${REQUESTS} random requests of every kind, which neither show nor change what another owner has`,
    async () => {
      const startedAt = performance.now();
      const report = await fuzz(product, { seed: SEED, requests: REQUESTS, batch: 500, mostFailures: 5 }, world);
      const seconds = (performance.now() - startedAt) / 1000;
      if (report.failures.length > 0) throw new Error(summaryOf(report, { seconds, seed: SEED, requests: REQUESTS }));
      expect(report.sent).toBe(REQUESTS);
      expect([...report.byKind.keys()].sort()).toEqual([...KIND_NAMES].sort());
      // Otherwise the rest of a route would never have been reached.
      for (const { method, route, rows } of KEYED_ROUTES) {
        const name = `${method} ${route}`;
        // Its call names nothing that exists, or changes nothing, or is for operators, who may see what other owners have, or for logins.
        if (NEEDS_LOGIN.has(name)) continue;
        if (rows.every(({ scope, sessions }) => typeof sessions?.own === 'number' || scope === 'operator')) continue;
        expect({ name, isServed: report.byRoute.get(name)?.has(200) }).toEqual({ name, isServed: true });
      }
    },
    FUZZ_MS,
  );
});

/** A key for each role and scope. */
async function keysOf(product: AllInOne, roles: readonly Role[]): Promise<{ role: Role; scope: Scope; key: string }[]> {
  const emailOf = (role: Role) => `${role}@example.com`;
  await Promise.all(roles.map((role) => product.command('users', 'add', emailOf(role), '--role', role)));
  const log = await connectLog({ ...(await product.log()), name: 'e2e' });
  const directory = await KeyDirectory.open(log, {});
  try {
    await directory.ready();
    return await Promise.all(
      roles.flatMap((role) =>
        SCOPES.map(async (scope) => {
          const expiresAt = Date.now() + OPERATOR_KEY_MS;
          const { key } = await directory.create({ email: emailOf(role), scopes: [scope], name: 'e2e', expiresAt });
          return { role, scope, key };
        }),
      ),
    );
  } finally {
    await directory.close();
    await log.close();
  }
}
