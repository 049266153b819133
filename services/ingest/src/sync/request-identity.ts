import { createHash } from 'node:crypto';
import type { Owner } from '@opensync/contracts';
import type { Claim } from '@opensync/event-log';
import { derivedEventId } from './event-ids.ts';

/**
 * Identifies a repetition of a request, and distinguishes it from another request that reuses its `Idempotency-Key`.
 * Keys belong to the owner: two API keys of one owner share them. The body counts as JSON, in any notation and
 * compression.
 */
export function identityOf(owner: Owner, idempotencyKey: string, route: string, body: unknown): Claim {
  return {
    id: derivedEventId(['request', owner.workspaceId, owner.userId, idempotencyKey]),
    fingerprint: createHash('sha256')
      .update(`${route} ${jsonOf(body)}`)
      .digest('base64url'),
  };
}

/** The body's JSON; for one that is nested too deep for JSON.stringify, which recurses, an equally distinctive text. */
function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return pieces(body).join('');
  }
}

/** Every value in order, with the keys and the brackets around it. Does not recurse. */
function pieces(body: unknown): string[] {
  const said: string[] = [];
  const pending: (string | { readonly value: unknown })[] = [{ value: body }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') {
      said.push(next);
      continue;
    }
    const { value } = next;
    if (typeof value !== 'object' || value === null) {
      said.push(JSON.stringify(value), ',');
      continue;
    }
    said.push(Array.isArray(value) ? '[' : '{');
    pending.push(']');
    for (const [key, item] of Object.entries(value).reverse()) pending.push({ value: item }, `${JSON.stringify(key)}:`);
  }
  return said;
}
