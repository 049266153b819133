import type { TestSeries } from './selectors.ts';

/** `critical`: data or availability is at stake, somebody must look now. `warning`: within a working day. */
export type Severity = 'critical' | 'warning';

export interface Alert {
  /** In CamelCase, with the prefix `OpenSync`. Two alerts of a name differ in their severity, and share a runbook. */
  readonly name: `OpenSync${string}`;
  readonly severity: Severity;
  readonly expr: string;
  /** How long the expression must hold. */
  readonly for: string;
  readonly summary: string;
  /** May use the template language of Prometheus. */
  readonly description: string;
  /** Series that make it fire, and when it does, in minutes. */
  readonly test: { readonly series: readonly TestSeries[]; readonly minutes: number };
  /** Its windows are days, and so its series have a value in a quarter of an hour. */
  readonly isSlow?: boolean;
}

export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** The name of an alert's page in `docs/runbooks`: `OpenSyncDeadLetters` has `dead-letters.md`. */
export function runbookOf({ name }: Pick<Alert, 'name'>): string {
  return name
    .replace(/^OpenSync/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase();
}
