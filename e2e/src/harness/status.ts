import { z } from 'zod';

const counts = z.record(z.string(), z.number());
const statusSchema = z.object({
  consumers: z.array(z.object({ name: z.string(), pending: z.number(), inFlight: z.number() })),
  stores: z.array(z.object({ kind: z.enum(['documents', 'search', 'vectors']), counts })),
});

/** How far each projection is, and what is in each store: of the whole installation, for all owners. */
export type Status = z.infer<typeof statusSchema>;

/** Reads the output of `opensync status --json`; throws if a store does not report its contents. */
export function readStatus(printed: string): Status {
  return statusSchema.parse(JSON.parse(printed));
}

/** Whether every projection has done all that is on the log. */
export function isAtRest({ consumers }: Status): boolean {
  return consumers.length === 3 && consumers.every(({ pending, inFlight }) => pending + inFlight === 0);
}

/** What the stores count, by their kind. */
export function countsOf({ stores }: Status): Record<string, Record<string, number>> {
  return Object.fromEntries(stores.map((store) => [store.kind, store.counts]));
}
