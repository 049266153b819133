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
    ['owner', 'ingest read figures logs workspaceLogs account delete curate review metrics'],
    ['admin', 'ingest read figures logs workspaceLogs account delete curate review metrics'],
    ['member', 'ingest read figures logs account delete curate'],
    ['viewer', 'read figures logs account'],
    ['analyst', 'figures logs account'],
  ] as const)('allows a %s with every scope to: %s', (role, allowed) => {
    const actions = Object.keys(ACTIONS) as Action[];
    const does = actions.filter((action) => refusalOf(principal(role, 'admin'), [action]) === undefined);
    expect(does.join(' ')).toBe(allowed);
  });

  it.each([
    ['ingest', 'ingest'],
    ['read', 'read figures logs account'],
    ['admin', 'ingest read figures logs workspaceLogs account delete curate review metrics'],
  ] as const)('allows an owner with only the scope %s to: %s', (scope, allowed) => {
    const actions = Object.keys(ACTIONS) as Action[];
    const does = actions.filter((action) => refusalOf(principal('owner', scope), [action]) === undefined);
    expect(does.join(' ')).toBe(allowed);
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
            (caller.scopes.includes('admin') || caller.scopes.includes(ACTIONS[action].scope)) &&
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
