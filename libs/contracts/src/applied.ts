import { z } from 'zod';
import { definitionOf, isSessionEvent, sessionIdOfEvent, touchedBy } from './events/catalogue.ts';
import type { StoredEvent } from './events/event.ts';

/** A session of an owner, or one of its messages, that the documents now show as of these events. */
export interface AppliedChange {
  /** Of the events, those of a message's parts included; none if the document changed with another one. */
  readonly sequences: readonly number[];
  readonly session: string;
  readonly message?: string | undefined;
}

/**
 * Body of an announcement on APPLIED_SUBJECTS: what a reader finds changed in one owner's documents from now on. It is
 * sent after the documents are saved and before the events are acknowledged, and it is not stored.
 */
const appliedSchema = z.object({
  changes: z.array(z.object({ sequences: z.array(z.number()), session: z.string(), message: z.string().optional() })),
});

/** About 50 KiB: one announcement never comes near the largest message of NATS. */
const CHANGES_PER_MESSAGE = 500;

/** The changes by a batch of events: each message once, and each session that changed in another way. Pure. */
export function changesApplied(events: readonly StoredEvent[]): AppliedChange[] {
  const changes = new Map<string, AppliedChange & { readonly sequences: number[] }>();
  for (const event of events) {
    // The sessions that an erasure deletes are announced one by one.
    if (!isSessionEvent(event) || definitionOf(event.type).erases) continue;
    const session = sessionIdOfEvent(event);
    const { message } = touchedBy(event);
    const known = changes.get(message ?? session);
    if (known) known.sequences.push(event.sequence);
    else changes.set(message ?? session, { sequences: [event.sequence], session, message });
  }
  return [...changes.values()];
}

/** Two changes of the same document as one. Pure. */
export function mergeChanges(earlier: AppliedChange | undefined, later: AppliedChange): AppliedChange {
  return earlier ? { ...later, sequences: [...earlier.sequences, ...later.sequences] } : later;
}

export function appliedBodies(changes: readonly AppliedChange[]): string[] {
  const bodies: string[] = [];
  for (let start = 0; start < changes.length; start += CHANGES_PER_MESSAGE) {
    bodies.push(JSON.stringify({ changes: changes.slice(start, start + CHANGES_PER_MESSAGE) }));
  }
  return bodies;
}

/** None for a body of another form: a newer version may have written it. */
export function parseApplied(body: unknown): readonly AppliedChange[] {
  return appliedSchema.safeParse(body).data?.changes ?? [];
}
