/**
 * Figures, see the port. `figure_dues` has the sessions to compute; a mark is random, because its row is deleted and
 * inserted again. `figure_parts` has what a session contributes to a quarter, in the order in which sums are read. The
 * partition of a workspace has the sums over its members.
 */
export const FIGURE_TABLES = `
  CREATE TABLE figure_dues (
    owner INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (owner, session_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE figure_sessions (
    owner INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    shared INTEGER NOT NULL,
    quarters TEXT NOT NULL,
    pending TEXT NOT NULL,
    PRIMARY KEY (owner, session_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE figure_parts (
    owner INTEGER NOT NULL,
    shared INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (owner, shared, quarter, session_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE figures (
    owner INTEGER NOT NULL,
    shared INTEGER NOT NULL,
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    totals TEXT NOT NULL,
    lengths TEXT NOT NULL,
    models TEXT NOT NULL,
    providers TEXT NOT NULL,
    sources TEXT NOT NULL,
    projects TEXT NOT NULL,
    tools TEXT NOT NULL,
    quarters TEXT NOT NULL,
    PRIMARY KEY (owner, shared, level, number)
  ) STRICT;
  CREATE TABLE figure_rating (only_row INTEGER PRIMARY KEY CHECK (only_row = 0), digest TEXT NOT NULL) STRICT;
`;
