import type { Visibility } from '@opensync/contracts';

/** The session data that an index row repeats: filters use it, and a change of it rewrites the session's rows. */
export interface SessionHeading {
  readonly title: string;
  readonly projectName: string;
  readonly projectPath: string;
  readonly source: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Who may find it besides its owner. */
  readonly visibility: Visibility;
  /** The session's labels, see labels.ts; default none. */
  readonly labels?: string;
}
