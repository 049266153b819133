export { PASSWORDS_FILE, passwordVariable, renderUsers } from './render.ts';
export { inboxPrefixOf, LOG_USERS, permissionsOf, type LogUser, type UserPermissions } from './users.ts';
