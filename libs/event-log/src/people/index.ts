export {
  addMember,
  addUser,
  addWorkspace,
  addWorkspaceOf,
  changeUser,
  memberOf,
  removeMember,
  renameWorkspace,
  setRole,
  userOf,
  workspaceOf,
} from './decisions.ts';
export { connectIdentity, provideIdentity, type NewPerson } from './identities.ts';
export {
  endedMemberships,
  synchronizePerson,
  type SynchronizedMembership,
  type SynchronizedPerson,
} from './synchronized.ts';
export {
  DEFAULT_WORKSPACE,
  namesOfMembers,
  usualOwnerOf,
  type Identity,
  type Member,
  type People,
  type User,
  type Workspace,
} from './people.ts';
