import { documentChangesSchema, ownerKey, parseChangeSubject, type Owner } from '@opensync/contracts';
import type { Delivery, Poison } from '@opensync/event-log';
import type { RefusedDocument } from '@opensync/stores';

/** What a batch of CHANGES names of one owner. */
export interface OwnerChanges {
  readonly owner: Owner;
  readonly sessions: Set<string>;
  readonly messages: Set<string>;
  /** Where each id was named first. */
  readonly namedBy: Map<string, Delivery>;
}

/** What an index will never take, by id. */
export interface Refused {
  readonly sessions: Map<string, RefusedDocument>;
  readonly messages: Map<string, RefusedDocument>;
}

/** The changes of each owner; what is no change is poison. */
export function readChanges(batch: readonly Delivery[]): {
  changes: readonly OwnerChanges[];
  poison: readonly Poison[];
} {
  const poison: Poison[] = [];
  const byOwner = new Map<string, OwnerChanges>();
  for (const delivery of batch) {
    const change = readChange(delivery);
    if (typeof change === 'string') {
      poison.push({ delivery, reason: change });
      continue;
    }
    const key = ownerKey(change.owner);
    const changes: OwnerChanges = byOwner.get(key) ?? {
      owner: change.owner,
      sessions: new Set(),
      messages: new Set(),
      namedBy: new Map(),
    };
    byOwner.set(key, changes);
    for (const kind of ['sessions', 'messages'] as const) {
      for (const id of change[kind]) {
        changes[kind].add(id);
        if (!changes.namedBy.has(id)) changes.namedBy.set(id, delivery);
      }
    }
  }
  return { changes: [...byOwner.values()], poison };
}

/** The change, or why it is none. */
function readChange(delivery: Delivery) {
  const owner = parseChangeSubject(delivery.subject);
  if (!owner) return `not a change subject: ${delivery.subject}`;
  let body: unknown;
  try {
    body = JSON.parse(delivery.body());
  } catch {
    return 'the body is not JSON';
  }
  const parsed = documentChangesSchema.safeParse(body);
  return parsed.success ? { owner, ...parsed.data } : 'the body does not list sessions and messages';
}

/**
 * Of each delivery that named documents which the index refuses, a letter that names those alone: all others are indexed,
 * and whoever replays it tries nothing but these. A message that no delivery named was rewritten with its session; as it is the
 * same owner's, any letter will do.
 */
export function lettersOf({ namedBy }: OwnerChanges, refused: Refused): Poison[] {
  const [anyDelivery] = namedBy.values();
  const named = [
    ...[...refused.sessions.values()].map((document) => ({ ...document, kind: 'sessions' as const })),
    ...[...refused.messages.values()].map((document) => ({ ...document, kind: 'messages' as const })),
  ];
  const byDelivery = Map.groupBy(named, ({ id }) => namedBy.get(id) ?? anyDelivery!);
  return [...byDelivery].map(([delivery, documents]) => {
    const idsOf = (kind: keyof Refused) => documents.filter((named) => named.kind === kind).map(({ id }) => id);
    const [first] = documents;
    const others = documents.length > 1 ? ` and ${documents.length - 1} more` : '';
    return {
      delivery,
      reason: `the index refuses ${first!.id}${others}: ${first!.reason}`,
      body: JSON.stringify({ sessions: idsOf('sessions'), messages: idsOf('messages') }),
    };
  });
}
