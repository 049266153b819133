import { createHash } from 'node:crypto';
import type { Owner } from '@opensync/contracts';

/**
 * Id of the point for the chunk at `position` (0-based) of an owner's document, stable across writes: a UUID of
 * version 8 (RFC 9562) from the SHA-256 of all three. Qdrant accepts only UUIDs and integers.
 */
export function pointId(owner: Owner, documentId: string, position: number): string {
  // JSON keeps the boundaries: ['a', 'bc'] and ['ab', 'c'] differ.
  const named = JSON.stringify([owner.workspaceId, owner.userId, documentId, position]);
  const bytes = createHash('sha256').update(named).digest().subarray(0, 16);
  bytes[6] = 0x80 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/**
 * A model's name as part of a collection's name, which must not contain `/`, `:` and the like. Different names stay
 * different: a changed one carries its hash.
 */
export function collectionSafe(model: string): string {
  const safe = model.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').slice(0, 80);
  return safe === model ? safe : `${safe}-${createHash('sha256').update(model).digest('hex').slice(0, 8)}`;
}
