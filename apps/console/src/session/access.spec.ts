// eslint-disable-next-line @nx/enforce-module-boundaries -- in this test alone: what the console offers has to be what the server allows
import { ACTIONS as OF_THE_SERVER, refusalOf as refused, ROLES, SCOPES } from '@opensync/contracts';
import { ACTIONS, allows, refusalOf, type Action } from './access.ts';

it('knows the same actions as the server', () => {
  expect(ACTIONS).toEqual(OF_THE_SERVER);
});

it('decides as the server does, for each role, scope and action', () => {
  const person = { workspaceId: 'w', userId: 'u', keyId: 'k' };
  for (const role of ROLES) {
    for (const scopes of [...SCOPES.map((scope) => [scope]), ['read', 'operator'] as const]) {
      for (const action of Object.keys(ACTIONS) as Action[]) {
        const isAllowed = refused({ ...person, role, scopes }, [action]) === undefined;
        expect([role, scopes, action, allows({ role, scopes: [...scopes] }, action)]).toEqual([
          ...[role, scopes, action, isAllowed],
        ]);
      }
    }
  }
});

it('says whether the role or the key is in the way', () => {
  expect(refusalOf({ role: 'analyst' }, 'read')).toMatch(/^Your role in this workspace is analyst/);
  expect(refusalOf({ role: 'owner' }, 'read')).toMatch(/^The key that you logged in with/);
});
