export { KeyDirectory, type NewApiKey } from './key-directory.ts';
export {
  KEY_SETTINGS,
  openKeys,
  provideFirstKeys,
  provideGivenKey,
  warnWithoutKeys,
  type FirstKeys,
  type GivenKey,
  type KeySettings,
} from './open-keys.ts';
export type { ApiKeyRecord } from './records.ts';
export {
  addMemberWithoutKeys,
  addUserWithoutKeys,
  removeMemberAndKeys,
  removeUserAndKeys,
  type LoginEnds,
  type MemberRemoval,
} from './member-removal.ts';
