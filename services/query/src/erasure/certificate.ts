import { isComplete, type Erasure } from '@opensync/event-log/erasure';

/** How far an erasure is, and what it has erased. It names nobody: its ids belong to nobody once it is complete. */
export function certificateOf(erasure: Erasure) {
  const { id, workspaceId, userId, requestedAt, found, hidden, stores, payloads, events } = erasure;
  const verified = {
    ...(stores && { documents: stores.at, fullText: stores.at, vectors: stores.at }),
    ...(payloads && { payloads: payloads.at }),
    ...(events?.at !== undefined && { events: events.at }),
  };
  return {
    ...{ id, workspaceId, userId, requestedAt },
    state: isComplete(erasure) ? 'complete' : hidden ? 'erasing' : 'requested',
    ...(hidden && { hiddenAt: hidden.at }),
    ...(events?.at !== undefined && { completedAt: events.at }),
    ...(found && { found }),
    erased: {
      ...(hidden && { keys: hidden.keys, invitations: hidden.invitations }),
      ...(stores && { sessions: stores.sessions }),
      ...(events && { events: events.removed }),
    },
    verified,
  };
}
