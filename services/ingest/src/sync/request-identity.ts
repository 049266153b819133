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
      .update(`${route} ${jsonOf(body)}`)
      .digest('base64url'),
  };
}

/** The body's JSON; of one that is nested too deep for JSON.stringify, which recurses, a text that tells it apart as well. */
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
