import { OWNERS_TABLE } from '../../sqlite/owners.ts';
import { EXCERPT_CHARACTERS, HEAD_TEXT_BYTES } from '../heads.ts';
import type { Migration } from '../../sqlite/serve.ts';
import { addParents } from './add-parents.ts';
import { FIGURE_TABLES } from './figures-schema.ts';
import { HAS } from './has.ts';
import { labelSessions } from './label-sessions.ts';
import { markErrors } from './mark-errors.ts';
import { addSessionTotals } from './session-totals.ts';

/** Stands for the times of a deleted session: below all times that a query of sessions can ask for. */
export const GONE = -1;

/**
 * The owner is the first column of every key, so two owners with the same id have two documents. The tables keep
 * their rowids: rows are large and arrive in order, so appending them with a small index of the random ids writes a
 * third of what clustering by id does. Columns beside `state` are those that statements filter, sort or sum by.
 * Amounts are REAL because a sum of integers can overflow into an error. Large columns come last, so that a read of
 * the columns before them need not follow the row to its overflow pages.
 * A message's `state` is its head; `text` is its text as JSON if it is too long for a head. A part is its columns:
 * `content` is JSON, or NULL if it is in the payload store (`ref`) or the part is retired, and `extra` likewise;
 * `media` are its blobs as JSON, NULL if it has none; `bytes` are those of content and extra, wherever they are
 * stored.
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

  // Before that, texts of any length were in `state`, and parts were one JSON value. `->` returns JSON as it was
  // written. Nesting that SQLite cannot read (over 1,000 levels) is already rejected as an event.
  `
  ALTER TABLE messages ADD COLUMN text TEXT;
  UPDATE messages SET
    text = state -> '$.fields.text',
    state = json_set(state, '$.fields.text', json_object(
      'preview', substr(state ->> '$.fields.text', 1, ${EXCERPT_CHARACTERS}),
      'size', octet_length(state ->> '$.fields.text')))
  WHERE octet_length(state) > ${HEAD_TEXT_BYTES} AND json_type(state, '$.fields.text') = 'text'
    AND octet_length(state -> '$.fields.text') > ${HEAD_TEXT_BYTES};

  ALTER TABLE parts RENAME TO former_parts;
  CREATE TABLE parts (
    owner INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    retired INTEGER NOT NULL,
    type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    ref TEXT,
    content TEXT,
    PRIMARY KEY (owner, message_id, id)
  ) STRICT;
  INSERT INTO parts
    SELECT owner, message_id, id, state ->> '$.sessionId', state ->> '$.order', sequence, retired, state ->> '$.type',
      coalesce(state ->> '$.contentRef.size', octet_length(state -> '$.content'), 0),
      state -> '$.contentRef', state -> '$.content'
    FROM former_parts WHERE json_valid(state);
  DROP TABLE former_parts;
  `,

  // Indexes of documents with blobs only: to find references to a blob.
  `
  ALTER TABLE parts ADD COLUMN extra TEXT;
  ALTER TABLE parts ADD COLUMN extra_ref TEXT;
  ALTER TABLE parts ADD COLUMN media TEXT;
  CREATE INDEX parts_with_media ON parts (owner, session_id) WHERE media IS NOT NULL;
  CREATE INDEX messages_with_media ON messages (owner, session_id) WHERE state -> '$.fields.media' IS NOT NULL;
  `,

  // The values that a rollup takes from each message, including the placed values of `messageFacts`. Older messages
  // lack them until a rebuild, but have their amounts. The columns come after the large ones, and are read only from
  // the index.
  `
  ALTER TABLE sessions ADD COLUMN cache_read_tokens REAL NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN cache_write_tokens REAL NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN reasoning_tokens REAL NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN cache_read_tokens REAL NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN cache_write_tokens REAL NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN reasoning_tokens REAL NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN tool_calls REAL NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN facts_version REAL NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN request_id TEXT;
  ALTER TABLE messages ADD COLUMN prompt TEXT;
  ALTER TABLE messages ADD COLUMN model TEXT;
  ALTER TABLE messages ADD COLUMN provider TEXT;
  DROP INDEX messages_of_session;
  -- The order of a session's messages, and all that its rollup takes from them: the rows themselves are not read for that.
  CREATE INDEX messages_of_session ON messages (owner, session_id, created_at, sequence, prompt_tokens, completion_tokens,
    cache_read_tokens, cache_write_tokens, reasoning_tokens, cost, tool_calls, facts_version, request_id, prompt, model,
    provider);
  `,

  // `names` says which messages name their session; their states contain the names: repeated in rows and index,
  // prompts were a quarter of the file. Large columns come last again, so that a revision is compared without
  // following the row.
  `
  DROP INDEX messages_of_session;
  DROP INDEX messages_with_media;
  ALTER TABLE messages RENAME TO former_messages;
  CREATE TABLE messages (
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    prompt_tokens REAL NOT NULL,
    completion_tokens REAL NOT NULL,
    cache_read_tokens REAL NOT NULL,
    cache_write_tokens REAL NOT NULL,
    reasoning_tokens REAL NOT NULL,
    cost REAL NOT NULL,
    tool_calls REAL NOT NULL,
    facts_version REAL NOT NULL,
    request_id TEXT,
    names INTEGER NOT NULL,
    state TEXT NOT NULL,
    text TEXT,
    PRIMARY KEY (owner, id)
  ) STRICT;
  INSERT INTO messages
    SELECT owner, id, revision, session_id, created_at, sequence, prompt_tokens, completion_tokens, cache_read_tokens,
      cache_write_tokens, reasoning_tokens, cost, tool_calls, facts_version, request_id,
      (prompt IS NOT NULL) * ${HAS.prompt} + (model IS NOT NULL) * ${HAS.model}
        + (provider IS NOT NULL) * ${HAS.provider},
      state, text
    FROM former_messages;
  DROP TABLE former_messages;
  CREATE INDEX messages_with_media ON messages (owner, session_id) WHERE state -> '$.fields.media' IS NOT NULL;
  -- The order of a session's messages, all that its rollup sums, and which of them name what it is named by: the rows
  -- themselves are not read for that.
  CREATE INDEX messages_of_session ON messages (owner, session_id, created_at, sequence, prompt_tokens, completion_tokens,
    cache_read_tokens, cache_write_tokens, reasoning_tokens, cost, tool_calls, facts_version, request_id, names);
  `,

  // An index on an expression over the state made SQLite parse the JSON of every saved message.
  `
  DROP INDEX messages_with_media;
  ALTER TABLE messages RENAME COLUMN names TO has;
  UPDATE messages SET has = has | ${HAS.media} WHERE state -> '$.fields.media' IS NOT NULL;
  CREATE INDEX messages_with_media ON messages (owner, session_id) WHERE has & ${HAS.media};
  `,

  // Fields of a newer version as JSON. Sessions and messages have theirs in `state`.
  'ALTER TABLE parts ADD COLUMN unknown TEXT;',
  // `shared` is the partition of the workspace that a session is shared with, NULL for a private one, as for all
  // sessions from before. Its indexes contain only shared sessions, so that saving a private one costs no more.
  `
  ALTER TABLE sessions ADD COLUMN shared INTEGER;
  CREATE INDEX sessions_shared ON sessions (shared, id) WHERE shared IS NOT NULL;
  CREATE INDEX sessions_shared_by_creation ON sessions (shared, created_at, id) WHERE shared IS NOT NULL;
  CREATE INDEX sessions_shared_by_update ON sessions (shared, updated_at, id) WHERE shared IS NOT NULL;
  `,
  // What few sessions have costs the others nothing: each index contains only those.
  `
  ALTER TABLE sessions ADD COLUMN trashed_at INTEGER;
  ALTER TABLE sessions ADD COLUMN public_hash TEXT;
  ALTER TABLE sessions ADD COLUMN in_review INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX sessions_trashed ON sessions (trashed_at, id) WHERE trashed_at IS NOT NULL;
  CREATE INDEX sessions_public ON sessions (public_hash) WHERE public_hash IS NOT NULL;
  CREATE INDEX sessions_in_review ON sessions (owner, created_at, id) WHERE in_review = 1;
  CREATE INDEX sessions_shared_in_review ON sessions (shared, created_at, id) WHERE in_review = 1 AND shared IS NOT NULL;
  `,
  // Outlines, read from the indexes alone: neither rows nor bodies. `outline` and `facts` are contracts'
  // `packMessageOutline` and `partOutline` as JSON, and NULL of rows from before that are not written again; `call` is
  // the call id of a tool call or its result.
  `
  ALTER TABLE messages ADD COLUMN outline TEXT;
  ALTER TABLE parts ADD COLUMN facts TEXT;
  ALTER TABLE parts ADD COLUMN call TEXT;
  CREATE INDEX messages_outline ON messages (owner, session_id, created_at, sequence, id, outline);
  CREATE INDEX parts_outline ON parts (owner, session_id, message_id, place, sequence, type, facts) WHERE retired = 0;
  CREATE INDEX parts_by_call ON parts (owner, session_id, call, message_id, place, sequence, type, facts)
    WHERE call IS NOT NULL;
  `,
  FIGURE_TABLES,
  labelSessions,
  // One index for both: two had the same keys, and each took a tenth of the time that saving a message takes.
  `
  DROP INDEX messages_outline;
  DROP INDEX messages_of_session;
  CREATE INDEX messages_of_session ON messages (owner, session_id, created_at, sequence, id, prompt_tokens,
    completion_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost, tool_calls, facts_version, request_id,
    has, outline);
  `,
  markErrors,
  addSessionTotals,
  addParents,
];
