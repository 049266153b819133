import type { RequestWarning } from '@opensync/contracts';
import { counter, METRIC, type Registry } from '@opensync/platform/telemetry';

/** An unusable value, as reported to the client. */
export type ShownWarning = Pick<RequestWarning, 'path' | 'message'>;

/** The `warnings` of an answer, omitted if there are none. */
export function shownWarnings(warnings: readonly RequestWarning[]): { readonly warnings?: readonly ShownWarning[] } {
  if (warnings.length === 0) return {};
  return { warnings: warnings.map(({ path, message }) => ({ path, message })) };
}

/** Counts repaired and omitted values, by field and reason. */
export function countedWarnings(metrics: Registry): (warnings: readonly RequestWarning[]) => void {
  const count = counter(metrics, METRIC.oddValues);
  return (warnings) => {
    for (const { field, reason } of warnings) count.inc({ field, reason });
  };
}
