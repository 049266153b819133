import type { Visibility } from '@opensync/contracts';

/** What an index row repeats of its session: filters look at it, and a change of it rewrites the session's rows. */
export interface SessionHeading {
  readonly title: string;
  readonly projectName: string;
  readonly projectPath: string;
  readonly source: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Who may find it beside its owner. */
  readonly visibility: Visibility;
}
