export {
  CHECK_PERIOD_MS,
  LINK_LIFETIME_MS,
  LoginDirectory,
  type DueLogin,
  type LoginDirectoryOptions,
  type LoginLimits,
  type NewLogin,
} from './login-directory.ts';
export { LOGIN_SETTINGS, loginLimitsOf, openLogins, type LoginSettings } from './open-logins.ts';
export type { Invitation, LoginMeans, LoginRecord, StoredProvider } from './records.ts';
