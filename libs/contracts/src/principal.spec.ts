import fc from 'fast-check';
import { ACTIONS, refusalOf, ROLES, SCOPES, type Action, type Principal } from './principal.ts';

const aPrincipal = fc.record({
  workspaceId: fc.constant('wsp_1'),
  userId: fc.constant('usr_1'),
  role: fc.constantFrom(...ROLES),
  scopes: fc.uniqueArray(fc.constantFrom(...SCOPES)),
  keyId: fc.constant('key_1'),
}) satisfies fc.Arbitrary<Principal>;
const someActions = fc.uniqueArray(fc.constantFrom(...(Object.keys(ACTIONS) as Action[])), { minLength: 1 });

describe('access', () => {
  const principal = (role: Principal['role'], ...scopes: Principal['scopes']): Principal => {
    return { workspaceId: 'wsp_1', userId: 'usr_1', role, scopes, keyId: 'key_1' };
  };

  it.each([
    [
      'owner',
      'ingest read figures logs workspaceLogs account keys eraseMe members manageMembers delete curate review metrics',
    ],
    [
      'admin',
      'ingest read figures logs workspaceLogs account keys eraseMe members manageMembers delete curate review metrics',
    ],
    ['member', 'ingest read figures logs account keys eraseMe members delete curate'],
    ['viewer', 'read figures logs account keys eraseMe members'],
    ['analyst', 'figures logs account keys eraseMe'],
  ] as const)('allows a %s with every scope to: %s', (role, allowed) => {
    const actions = Object.keys(ACTIONS) as Action[];
    const does = actions.filter((action) => refusalOf(principal(role, 'admin'), [action]) === undefined);
    expect(does.join(' ')).toBe(allowed);
  });

  it.each([
    ['ingest', 'ingest'],
    ['read', 'read figures logs account members'],
    [
      'admin',
      'ingest read figures logs workspaceLogs account keys eraseMe members manageMembers delete curate review metrics',
    ],
  ] as const)('allows an owner with only the scope %s to: %s', (scope, allowed) => {
    const actions = Object.keys(ACTIONS) as Action[];
    const does = actions.filter((action) => refusalOf(principal('owner', scope), [action]) === undefined);
    expect(does.join(' ')).toBe(allowed);
  });

  it('lets operators operate the server, which no other scope includes', () => {
    expect(refusalOf(principal('owner', 'ingest', 'read', 'admin'), ['operate'])).toMatch(/lacks the scope operator$/);
    expect(refusalOf(principal('owner', 'operator'), ['operate'])).toBeUndefined();
    expect(refusalOf(principal('owner', 'operator'), ['read'])).toMatch(/lacks the scope read$/);
    for (const role of ['member', 'viewer', 'analyst'] as const) {
      expect(refusalOf(principal(role, 'operator'), ['operate'])).toMatch(/does not allow this/);
    }
  });

  it('names the missing scope, otherwise the insufficient role', () => {
    expect(refusalOf(principal('owner', 'ingest'), ['read'])).toBe('This API key lacks the scope read');
    expect(refusalOf(principal('viewer', 'read'), ['delete', 'ingest'])).toMatch(/lacks the scope admin or ingest/);
    expect(refusalOf(principal('viewer', 'admin'), ['delete'])).toMatch(/^Your role in this workspace is viewer/);
  });

  it('requires one of the actions, with both scope and role', () => {
    fc.assert(
      fc.property(aPrincipal, someActions, (caller, actions) => {
        const allowed = actions.some(
          (action) =>
            (caller.scopes.includes(ACTIONS[action].scope) ||
              (caller.scopes.includes('admin') && ACTIONS[action].scope !== 'operator')) &&
            (ACTIONS[action].roles as readonly string[]).includes(caller.role),
        );
        expect(refusalOf(caller, actions) === undefined).toBe(allowed);
      }),
    );
  });

  it('never gives more to a key with fewer scopes, or to a lower role', () => {
    fc.assert(
      fc.property(aPrincipal, someActions, fc.constantFrom(...SCOPES), (caller, actions, scope) => {
        const narrower = { ...caller, scopes: caller.scopes.filter((name) => name !== scope) };
        if (refusalOf(caller, actions) !== undefined) expect(refusalOf(narrower, actions)).toBeDefined();
        const above = { ...caller, role: ROLES[Math.max(0, ROLES.indexOf(caller.role) - 1)]! };
        if (refusalOf(caller, actions) === undefined) expect(refusalOf(above, actions)).toBeUndefined();
      }),
    );
  });
});
