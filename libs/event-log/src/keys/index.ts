export { KeyDirectory, type NewApiKey } from './key-directory.ts';
export { KEY_SETTINGS, openKeys, provideFirstKey, provideGivenKey, type GivenKey } from './open-keys.ts';
export type { ApiKeyRecord } from './records.ts';
export {
  addMemberWithoutKeys,
  addUserWithoutKeys,
  removeMemberAndKeys,
  removeUserAndKeys,
  type MemberRemoval,
} from './member-removal.ts';
