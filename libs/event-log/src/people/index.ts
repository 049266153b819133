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
export { DEFAULT_WORKSPACE, namesOfMembers, type Member, type People, type User, type Workspace } from './people.ts';
