import { OWNERS_TABLE } from '../sqlite/owners.ts';
import type { Migration } from '../sqlite/serve.ts';

/**
 * The owner is the first column of every key, so two owners with one id have two documents. The tables keep their
 * rowids: rows are large and come in order, so appending them and keeping the random ids in a small index
 * writes a third of what clustering by id does. Columns beside `state` are what statements filter, sort or sum by.
 * Amounts are REAL because a sum of integers can overflow into an error. `state` comes last, so that a scan
 * of the columns before it need not follow a large row to its overflow pages.
 */
export const MIGRATIONS: readonly Migration[] = [
  `
${OWNERS_TABLE}

  CREATE TABLE sessions (
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    model TEXT,
    project_name TEXT,
    project_path TEXT,
    prompt_tokens REAL NOT NULL,
    completion_tokens REAL NOT NULL,
    total_tokens REAL NOT NULL,
    cost REAL NOT NULL,
    duration_ms REAL NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (owner, id)
  ) STRICT;
  CREATE INDEX sessions_by_creation ON sessions (owner, created_at, id);
  CREATE INDEX sessions_by_update ON sessions (owner, updated_at, id);
  CREATE INDEX sessions_by_source ON sessions (owner, source, created_at, id);

  CREATE TABLE messages (
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    prompt_tokens REAL NOT NULL,
    completion_tokens REAL NOT NULL,
    cost REAL NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (owner, id)
  ) STRICT;
  -- The order of a session's messages, and all that its rollup sums: the rows themselves are not read for that.
  CREATE INDEX messages_of_session
    ON messages (owner, session_id, created_at, sequence, prompt_tokens, completion_tokens, cost);

  CREATE TABLE parts (
    owner INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    retired INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (owner, message_id, id)
  ) STRICT;
  `,
];
