export {
  LINK_LIFETIME_MS,
  LoginDirectory,
  type LoginDirectoryOptions,
  type LoginLimits,
  type NewLogin,
} from './login-directory.ts';
export { LOGIN_SETTINGS, loginLimitsOf, openLogins, type LoginSettings } from './open-logins.ts';
export type { LoginMeans, LoginRecord } from './records.ts';
