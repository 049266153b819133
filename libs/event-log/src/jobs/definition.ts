import type { JobName } from './catalogue.ts';

export interface JobContext {
  /** Milliseconds since the epoch: the planned time, and that of the last run that succeeded. */
  readonly plannedAt: number;
  readonly since: number;
  readonly now: number;
  /** An operator asked for this run. */
  readonly isRequested: boolean;
  /** Aborted when the process stops, and when another process has taken the run over. */
  readonly signal: AbortSignal;
}

export interface JobDefinition {
  readonly name: JobName;
  /** Resolves with a line about what it did. It may run again for the same time: after a crash, or an error. */
  readonly run: (context: JobContext) => Promise<string>;
  /** It runs in each process that has it, when one of them finds it due: what it changes is in memory. */
  readonly everywhere?: true;
  /** Other than that of the catalogue. */
  readonly schedule?: string;
}
