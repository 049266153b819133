export { callerOf, KeyServiceClient } from './client.ts';
export { LONGEST_OVERLAP_MS } from './keys.ts';
export { LONGEST_INVITATION_MS } from './members.ts';
export { LONGEST_KEY_NAME, type ClaimedIdentity } from './protocol.ts';
export { recordUses } from './key-uses.ts';
export { assertPerson, PERSONAL_SCOPES } from './rules.ts';
export { serveKeyService } from './serve.ts';
