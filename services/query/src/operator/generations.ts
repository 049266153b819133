import { PROJECTIONS } from '@opensync/contracts';
import { z } from 'zod';
import type { GenerationRecords } from './operator-resources.ts';

/**
 * The generations of each store, and how far the next one is. A rebuild of documents replays the log: its position is a part of that.
 * One of an index reads the documents, one session after the other.
 */
export function generationsOf(records: GenerationRecords, { lastSequence }: { readonly lastSequence: number }) {
  return PROJECTIONS.map((store) => {
    const { live, kept, rebuild, lease, fill, model } = records[store] ?? { live: 1, kept: [] };
    return {
      ...{ store, live, kept, model: model ?? null, isFilling: fill !== undefined },
      // The lease is let go of at the end; that of a process that died stays until another one takes it.
      worker: lease === undefined ? null : placeOf(lease.worker),
      next: rebuild ? { generation: rebuild.generation, ...progressOf(rebuild.position, lastSequence) } : null,
    };
  });
}

/** Of fillers, which alone know the form of their positions. */
const positionsSchema = z.union([z.number(), z.object({ sessions: z.number() })]);

/** `done` is from 0 to 1. */
function progressOf(position: unknown, last: number): { done: number | null; sessions: number | null } {
  const known = positionsSchema.safeParse(position).data;
  if (typeof known === 'number') return { done: last > 0 ? Math.min(1, known / last) : null, sessions: null };
  return { done: null, sessions: known?.sessions ?? null };
}

/** A worker's id begins with what makes it unique. */
function placeOf(worker: string): string {
  return worker.slice(worker.indexOf('@') + 1);
}
