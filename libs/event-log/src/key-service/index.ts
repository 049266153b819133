export { callerOf, KeyServiceClient } from './client.ts';
export { LONGEST_OVERLAP_MS, replaceKey } from './keys.ts';
export { invite, LONGEST_INVITATION_MS, withdraw } from './members.ts';
export { LONGEST_KEY_NAME, type ClaimedIdentity } from './protocol.ts';
export { recordUses } from './key-uses.ts';
export { assertPerson, mayInvite, PERSONAL_SCOPES } from './rules.ts';
export { serveKeyService } from './serve.ts';
