export {
  addMember,
  addUser,
  addWorkspace,
  addWorkspaceOf,
  changeUser,
  renameWorkspace,
  setRole,
  userOf,
  workspaceOf,
} from './decisions.ts';
export { DEFAULT_WORKSPACE, namesOfMembers, type Member, type People, type User, type Workspace } from './people.ts';
