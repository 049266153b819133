export { CLAIM_CHECK_BYTES } from './chunks.ts';
export { PayloadLostError } from './lost.ts';
export { countPayloads } from './condemned.ts';
export { ChunkCache } from './chunk-cache.ts';
export type { ByteRange } from './payload-content.ts';
export { PayloadStore, type StoredPayload } from './payload-store.ts';
export { readWords, type TextReader } from './read-words.ts';
export { PendingRemovals, type PendingRemoval, type Removal } from '../removal/pending.ts';
export { removePayloads, type RemovalOptions } from '../removal/remove-payloads.ts';
