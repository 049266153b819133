import type { RequestWarning } from '@opensync/contracts';
import { counter, METRIC, type Registry } from '@opensync/platform/telemetry';

/** A value that could not be used as it was sent, as the client is told. */
export type ShownWarning = Pick<RequestWarning, 'path' | 'message'>;

/** The `warnings` of an answer, which are left out where there are none. */
export function shownWarnings(warnings: readonly RequestWarning[]): { readonly warnings?: readonly ShownWarning[] } {
  if (warnings.length === 0) return {};
  return { warnings: warnings.map(({ path, message }) => ({ path, message })) };
}

/** Counts what was repaired or left out, by field and reason. */
export function countedWarnings(metrics: Registry): (warnings: readonly RequestWarning[]) => void {
  const count = counter(metrics, METRIC.oddValues);
  return (warnings) => {
    for (const { field, reason } of warnings) count.inc({ field, reason });
  };
}
