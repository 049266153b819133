import { ownerKey, parseChangeSubject, parseDocumentChanges, type Owner } from '@opensync/contracts';
import type { Delivery, Poison } from '@opensync/event-log';
import type { DeadLetterKind } from '@opensync/event-log/dead-letters';
import type { RefusedDocument } from '@opensync/stores';

/** The documents of one owner in a batch of CHANGES. */
export interface OwnerChanges {
  readonly owner: Owner;
  readonly sessions: Set<string>;
  readonly messages: Set<string>;
  /** Sessions whose rows must be removed. */
  readonly removed: Set<string>;
  /** Where each id was named first. */
  readonly namedBy: Map<string, Delivery>;
}

/** A document that an index rejects, completely or partly, with the kind of its dead letter (default `refused`). */
export interface IndexRefusal extends RefusedDocument {
  readonly kind?: DeadLetterKind;
}

/** Documents that an index will never accept, by id. */
export interface Refused {
  readonly sessions: Map<string, IndexRefusal>;
  readonly messages: Map<string, IndexRefusal>;
}

/** The changes of each owner; an invalid change is poison. */
export function readChanges(batch: readonly Delivery[]): {
  changes: readonly OwnerChanges[];
  poison: readonly Poison[];
} {
  const poison: Poison[] = [];
  const byOwner = new Map<string, OwnerChanges>();
  for (const delivery of batch) {
    const change = readChange(delivery);
    if (typeof change === 'string') {
      poison.push({ delivery, kind: 'malformed', reason: change });
      continue;
    }
    const key = ownerKey(change.owner);
    const changes: OwnerChanges = byOwner.get(key) ?? {
      owner: change.owner,
      sessions: new Set(),
      messages: new Set(),
      removed: new Set(),
      namedBy: new Map(),
    };
    byOwner.set(key, changes);
    for (const kind of ['sessions', 'messages', 'removed'] as const) {
      for (const id of change[kind] ?? []) {
        changes[kind].add(id);
        if (!changes.namedBy.has(id)) changes.namedBy.set(id, delivery);
      }
    }
  }
  return { changes: [...byOwner.values()], poison };
}

/** The change, or why it is invalid. */
export function readChange(delivery: Delivery) {
  const owner = parseChangeSubject(delivery.subject);
  if (!owner) return `not a change subject: ${delivery.subject}`;
  let body: unknown;
  try {
    body = JSON.parse(delivery.body());
  } catch {
    return 'the body is not JSON';
  }
  const changes = parseDocumentChanges(body);
  return changes ? { owner, ...changes } : 'the body does not list sessions and messages';
}

/**
 * One letter for each document that the index rejects, about that document alone: all others are indexed, a replay
 * retries nothing else, and a receipt finds the letter by the document's id. A message that no delivery named was
 * rewritten with its session; it has the same owner, so any of the deliveries will do.
 */
export function lettersOf({ namedBy }: OwnerChanges, refused: Refused): Poison[] {
  const [anyDelivery] = namedBy.values();
  const letter = (kind: keyof Refused, document: IndexRefusal): Poison => ({
    delivery: namedBy.get(document.id) ?? anyDelivery!,
    kind: document.kind ?? 'refused',
    reason: document.reason,
    documentId: document.id,
    body: JSON.stringify({ sessions: [], messages: [], [kind]: [document.id] }),
  });
  return [
    ...[...refused.sessions.values()].map((document) => letter('sessions', document)),
    ...[...refused.messages.values()].map((document) => letter('messages', document)),
  ];
}
