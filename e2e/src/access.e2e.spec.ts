import type { Role } from '@opensync/contracts';
import { PUBLIC_ROUTES } from '@opensync/testkit';
import {
  actualOutcomes,
  createAccessWorld,
  expectedOutcomes,
  pathOfPublic,
  RULES,
  send,
  viewsOfOthers,
  type AccessWorld,
} from '@opensync/testkit/access';
import { openPeople } from '@opensync/event-log/testing';
import { startTarget, type Target } from './harness/target.ts';

/** The service's own spec tries all five. */
const ROLES_TRIED: readonly Role[] = ['admin', 'analyst'];

/**
 * Every route of the product, called on each kind of stores: `yes` in the access matrix is an answer with what was written
 * before. A route without a row fails `access-matrix.int.spec.ts`, and so no route is left out here.
 */
describe('every route', () => {
  let target: Target;
  let world: AccessWorld;
  let before: Readonly<Record<string, string>>;

  beforeAll(async () => {
    target = await startTarget({ OPENSYNC_KEYLESS_LIMIT: '0' });
    await using people = await openPeople(await target.log());
    world = await createAccessWorld(target.url, people, ROLES_TRIED);
    before = await viewsOfOthers(world);
  });
  afterAll(() => target?.stop());

  it.each(RULES.map((rule) => [rule.name, rule] as const))('%s', async (_name, rule) => {
    expect(await actualOutcomes(world, rule)).toEqual(expectedOutcomes(rule, ROLES_TRIED));
  });

  it.each(PUBLIC_ROUTES.filter((route) => route.startsWith('GET ')))('%s is for anyone', async (route) => {
    expect((await send(world, { path: pathOfPublic(world, route) })).status).toBe(200);
  });

  it('leaves the sessions of others as they were', async () => {
    expect(await viewsOfOthers(world)).toEqual(before);
  });
});
