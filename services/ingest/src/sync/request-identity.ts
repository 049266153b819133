import { createHash } from 'node:crypto';
import type { Owner } from '@opensync/contracts';
import type { Claim } from '@opensync/event-log';
import { derivedEventId } from './event-ids.ts';

/**
 * By what a repetition of a request is known, and told from another request that reuses its `Idempotency-Key`. Keys are
 * the owner's: two API keys of one owner share them. The body counts as JSON, however it was written and compressed.
 */
export function identityOf(owner: Owner, idempotencyKey: string, route: string, body: unknown): Claim {
  return {
    id: derivedEventId(['request', owner.workspaceId, owner.userId, idempotencyKey]),
    fingerprint: createHash('sha256')
      .update(JSON.stringify([route, body]))
      .digest('base64url'),
  };
}
