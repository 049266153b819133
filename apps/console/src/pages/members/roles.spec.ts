import { invitationLink, mayChange, nameOf, ROLES, rolesToGive } from './roles.ts';

it('lets only owners make, change and remove owners', () => {
  expect(rolesToGive('owner')).toEqual(ROLES.map(({ role }) => role));
  expect(rolesToGive('admin')).not.toContain('owner');
  expect(rolesToGive('member')).toEqual([]);
  expect(mayChange('owner', { role: 'owner' })).toBe(true);
  expect(mayChange('admin', { role: 'owner' })).toBe(false);
  expect(mayChange('admin', { role: 'admin' })).toBe(true);
  expect(mayChange('viewer', { role: 'analyst' })).toBe(false);
});

it('calls people by the best that is known of them', () => {
  expect(nameOf({ id: 'usr_1', email: 'grace@example.org', name: 'Grace' })).toBe('Grace');
  expect(nameOf({ id: 'usr_1', email: 'grace@example.org' })).toBe('grace@example.org');
  expect(nameOf({ id: 'usr_1' })).toBe('usr_1');
});

it('makes the link of an invitation if the server does not know its address', () => {
  expect(invitationLink('https://here.example/sync', { token: 'inv' })).toBe(
    'https://here.example/sync/auth/login#invitation=inv',
  );
  expect(invitationLink('http://localhost', { token: 'inv', url: 'https://sync.example/x' })).toBe(
    'https://sync.example/x',
  );
});
