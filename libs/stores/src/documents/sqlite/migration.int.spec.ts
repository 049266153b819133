import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  addAmount,
  amountOf,
  currentParts,
  FigureSum,
  messageFacts,
  messageOutline,
  readerOf,
  rollupOf,
  type MessageState,
  type PartState,
} from '@opensync/contracts';
import { temporaryFolder } from '@opensync/testkit';
import { openSqliteDocuments } from './store.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { markErrors } from './mark-errors.ts';
import { MIGRATIONS } from './schema.ts';
import { addParents } from './add-parents.ts';
import { addSessionTotals } from './session-totals.ts';
import {
  ada,
  aMessage,
  aPart,
  aSession,
  bob,
  byOrder,
  ODD_CONTENT,
  ODD_TEXT,
  page,
  whole,
  save,
  withVisibility,
} from '../conformance/states.ts';

const LONG = `${ODD_TEXT} ${'lorem ipsum 漢字 '.repeat(20_000)}end`;
const REFERENCE = { sha256: 'a'.repeat(64), size: 900_000, preview: 'the beginning' };

/** A file with the first version of the schema: states as JSON, including texts and contents. */
function writeFirstVersion(file: string, messages: readonly MessageState[], parts: readonly PartState[]): void {
  const database = new DatabaseSync(file);
  database.exec(MIGRATIONS[0] as string);
  database.exec('PRAGMA user_version = 1');
  for (const [at, { workspaceId, userId }] of [bob, ada].entries()) {
    database.prepare('INSERT INTO owners VALUES (?, ?, ?)').run(at + 1, workspaceId, userId);
  }
  const owner = 2;
  const session = aSession({ title: ODD_TEXT });
  database
    .prepare(`INSERT INTO sessions VALUES (?, ?, 1, 1, 1, 's', NULL, NULL, NULL, 0, 0, 0, 0, 0, ?)`)
    .run(owner, session.id, JSON.stringify({ ...session, owner: undefined }));
  for (const message of messages) {
    database
      .prepare('INSERT INTO messages VALUES (?, ?, 3, ?, ?, ?, 7, 0, 0.5, ?)')
      .run(
        owner,
        message.id,
        message.sessionId,
        message.span.firstAt,
        message.span.firstSequence,
        JSON.stringify({ ...message, owner: undefined }),
      );
  }
  for (const part of parts) {
    database
      .prepare('INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)')
      .run(
        owner,
        part.messageId,
        part.id,
        part.sequence,
        part.retired ? 1 : 0,
        JSON.stringify({ ...part, owner: undefined }),
      );
  }
  database.close();
}

describe('a SQLite file of the first version', () => {
  it('has the same contents after it is opened', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'documents.db');
    const messages = [
      aMessage({ externalId: 'long', textContent: LONG, partCount: 4 }, { sequence: 10 }),
      aMessage({ externalId: 'short', textContent: ODD_TEXT }, { sequence: 11 }),
      aMessage({ externalId: 'none', model: 'm'.repeat(4_096) }, { sequence: 12 }),
      aMessage({ externalId: 'beside', textRef: REFERENCE, model: 'm'.repeat(4_096) }, { sequence: 13 }),
    ];
    const content = { content: undefined, contentRef: REFERENCE };
    const parts: PartState[] = [
      aPart({ order: 0, type: 'text', content: LONG }, { message: 'long', sequence: 21 }),
      aPart({ order: 1, type: ODD_TEXT, content: ODD_CONTENT }, { message: 'long', sequence: 22 }),
      aPart({ order: 2, type: 'text', ...content }, { message: 'long', sequence: 23 }),
      aPart({ order: 3, type: 'empty', content: null }, { message: 'long', sequence: 24 }),
      { ...aPart({ order: 4, content: undefined }, { message: 'long', sequence: 5 }), retired: true },
      aPart({ order: 0, content: 'before its message' }, { message: 'unknown', sequence: 30 }),
    ];
    writeFirstVersion(file, messages, parts);
    const store = await openSqliteDocuments(file);
    for (const message of messages) {
      const stored = (await whole(store, message.id))!;
      expect(stored.message).toEqual(message);
      const own = parts.filter(({ messageId }) => messageId === message.id);
      // As text, since matchers do not look at a key named __proto__.
      expect(JSON.stringify(stored.parts)).toBe(JSON.stringify(byOrder(own)));
    }
    expect(currentParts((await whole(store, messages[0]!.id))!)).toHaveLength(4);
    const outlined = (await store.messageOutlines(ada, messages[0]!.sessionId, { limit: 10 })).messages;
    expect(outlined.map(({ outline }) => outline)).toEqual(
      messages.map((message) => ({ ...messageOutline(message), lines: expect.any(Number) })),
    );
    expect(outlined[0]!.parts).toEqual(parts.slice(0, 4).map(({ order, type }) => ({ order, type })));
    expect((await store.sessions(ada, page())).map(({ fields }) => fields.title)).toEqual([ODD_TEXT]);
    const loaded = await store.load(ada, { messages: messages.map(({ id }) => id), rollups: [messages[0]!.sessionId] });
    expect([...loaded.messages.values()].map(({ revision }) => revision)).toEqual([3, 3, 3, 3]);
    const { text } = loaded.messages.get(messages[0]!.id)!.fields;
    expect(text).toEqual({ preview: expect.stringMatching(/^a/), size: Buffer.byteLength(LONG) });
    expect(loaded.rollups.get(messages[0]!.sessionId)).toMatchObject({ messageCount: 4, promptTokens: 28, cost: 2 });
    const { bytes, parts: totals } = (await store.messageSummaries(ada, [messages[0]!.id])).get(messages[0]!.id)!;
    expect(totals).toEqual({ version: 21 + 22 + 23 + 24 + 5 + 1, lastSequence: 24 });
    const json = [LONG, ODD_CONTENT, null].map((value) => Buffer.byteLength(JSON.stringify(value)));
    expect(bytes).toBe(Buffer.byteLength(LONG) + REFERENCE.size + json.reduce((sum, size) => sum + size, 0));
    await store.close();
  });

  it('accepts writes after it is opened, and is opened again unchanged', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'documents.db');
    const message = aMessage({ textContent: LONG, partCount: 1 }, { sequence: 10 });
    writeFirstVersion(file, [message], [aPart({ content: 'old' }, { sequence: 11 })]);
    let store = await openSqliteDocuments(file);
    const head = (await store.load(ada, { messages: [message.id] })).messages.get(message.id)!;
    const part = aPart({ content: 'new' }, { sequence: 12 });
    await store.save({ sessions: [], messages: [{ ...head, fields: { ...head.fields, cost: 1 } }], parts: [part] });
    await store.close();
    store = await openSqliteDocuments(file);
    const expected = { ...message, fields: { ...message.fields, cost: 1 } };
    expect(await whole(store, message.id)).toEqual({ message: expected, parts: [part] });
    await store.close();
  });
});

describe('the sessions of a file from before they could be shared', () => {
  it('are private under their ids, and are shared when their owner says so', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'documents.db');
    writeFirstVersion(file, [], []);
    const store = await openSqliteDocuments(file);
    const { id } = aSession();
    const readers = [readerOf(ada), readerOf(bob)];
    const seen = () => Promise.all(readers.map(async (reader) => [...(await store.sessionsById(reader, [id])).keys()]));
    expect(await seen()).toEqual([[id], []]);
    const stored = (await store.load(ada, { sessions: [id] })).sessions.get(id)!;
    await save(store, { sessions: [{ ...withVisibility(stored, 'workspace', 9), revision: stored.revision }] });
    expect(await seen()).toEqual([[id], [id]]);
    expect((await store.sessions(readers[1]!, page())).map((session) => session.owner)).toEqual([ada]);
    await store.close();
  });
});

/** A file with the fourth version of the schema: a session's names in columns, after the message's place. */
function writeFourthVersion(file: string, messages: readonly MessageState[]): void {
  const database = new DatabaseSync(file);
  for (const migration of MIGRATIONS.slice(0, 4)) database.exec(migration as string);
  database.exec('PRAGMA user_version = 4');
  database.prepare('INSERT INTO owners VALUES (1, ?, ?)').run(ada.workspaceId, ada.userId);
  for (const message of messages) {
    const { createdAt, sequence, prompt, model, provider, ...facts } = messageFacts(message);
    const placed = (value: string | null) =>
      value === null ? null : `${[createdAt, sequence].map((n) => String(n).padStart(16, '0')).join('')}${value}`;
    // Its fold kept every prompt, as a title.
    const { fields, sequences } = message;
    const kept = fields.prompt ?? prompt;
    const title = kept !== null && kept.length > 120 ? `${kept.slice(0, 119)}…` : kept;
    const state = {
      ...message,
      owner: undefined,
      fields: { ...fields, ...(title !== null && { prompt: title }) },
      sequences: { ...sequences, ...(title !== null && { prompt: message.span.firstSequence }) },
    };
    database
      .prepare(
        `INSERT INTO messages (owner, id, revision, session_id, created_at, sequence, prompt_tokens, completion_tokens,
           cache_read_tokens, cache_write_tokens, reasoning_tokens, cost, tool_calls, facts_version, request_id, prompt,
           model, provider, state)
         VALUES (1, ?, 2, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        message.id,
        message.sessionId,
        createdAt,
        sequence,
        facts.promptTokens,
        facts.completionTokens,
        facts.cacheReadTokens,
        facts.cacheWriteTokens,
        facts.reasoningTokens,
        facts.cost,
        facts.toolCallCount,
        facts.version,
        facts.requestId,
        placed(title),
        placed(model),
        placed(provider),
        JSON.stringify(state),
      );
  }
  database.close();
}

const SHA256 = 'b'.repeat(64);

describe('a SQLite file of the fourth version', () => {
  const messages = [
    aMessage({ externalId: 'm1', role: 'user', textContent: '/clear', createdAt: 1 }, { sequence: 1 }),
    aMessage(
      { ...{ externalId: 'm2', role: 'assistant', textContent: 'Hello', model: 'opus', provider: 'anthropic' } },
      { sequence: 2 },
    ),
    aMessage(
      { externalId: 'm3', role: 'user', textContent: 'Why do herons nest? '.repeat(12), requestId: 'req_1', cost: 0.5 },
      { sequence: 3 },
    ),
    aMessage({ externalId: 'm4', role: 'user', textContent: 'And bitterns?', toolCallCount: 2 }, { sequence: 4 }),
    aMessage({ externalId: 'm5', media: [{ sha256: SHA256, size: 1, mediaType: 'image/png' }] }, { sequence: 5 }),
  ];
  const { sessionId } = messages[0]!;

  it('names its sessions as before, and has the same messages', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'documents.db');
    writeFourthVersion(file, messages);
    const store = await openSqliteDocuments(file);
    const loaded = await store.load(ada, { messages: messages.map(({ id }) => id), rollups: [sessionId] });
    expect(loaded.rollups.get(sessionId)).toEqual({
      ...rollupOf(messages.map(messageFacts)),
      title: expect.stringMatching(/^Why do herons nest\? .{80,}…$/),
      ...{ model: 'opus', provider: 'anthropic', toolCallCount: 2, cost: 0.5 },
    });
    for (const message of messages) {
      const { fields, revision } = loaded.messages.get(message.id)!;
      expect([fields.text, revision]).toEqual([message.fields.text, 2]);
    }
    expect(await store.messagesWithMedia(ada, sessionId, SHA256)).toEqual([messages[4]!.id]);
    await store.close();
  });

  it('follows its messages from then on', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'documents.db');
    writeFourthVersion(file, messages);
    const store = await openSqliteDocuments(file);
    const earlier = aMessage({ externalId: 'm0', role: 'user', textContent: 'Where?', createdAt: 2 }, { sequence: 9 });
    expect(await save(store, { messages: [{ ...earlier, revision: 0 }] })).toEqual([]);
    const { rollups } = await store.load(ada, { rollups: [sessionId] });
    expect(rollups.get(sessionId)).toMatchObject({ messageCount: 6, title: 'Where?', model: 'opus' });
    await store.close();
  });
});

it('finds the errors of sessions in a file from before sessions had them', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'documents.db');
  const store = await openSqliteDocuments(file);
  const message = aMessage({ partCount: 1 }, { sequence: 2 });
  const part = aPart({ type: 'tool-call', content: { toolName: 'Bash', is_error: true } }, { sequence: 3 });
  const sessions = [aSession(), aSession({ externalId: 'smooth' })].map((session) => ({ ...session, revision: 0 }));
  await save(store, { sessions, messages: [{ ...message, revision: 0 }], parts: [part] });
  await store.close();
  const database = new DatabaseSync(file);
  database.exec('DROP INDEX parts_failed');
  markErrors({ database } as unknown as Connection);
  database.close();
  const again = await openSqliteDocuments(file);
  const found = async (hasErrors: boolean) => (await again.sessions(ada, page({ hasErrors }))).map(({ id }) => id);
  expect([await found(true), await found(false)]).toEqual([[sessions[0]!.id], [sessions[1]!.id]]);
  await again.close();
});

it('adds up what sessions contribute in a file from before their sums were stored', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'documents.db');
  const store = await openSqliteDocuments(file);
  const figures = (tokens: number) => {
    const sum = new FigureSum();
    addAmount(sum.totals, 'promptTokens', tokens);
    return sum.figures();
  };
  const of = { owner: ada, sessionId: 'ses_1' };
  const contribution = { revision: 0, shared: false, pending: [] };
  await store.saveContributions([
    { ...of, ...contribution, figures: new Map([7, 8].map((quarter) => [quarter, figures(quarter)])) },
  ]);
  const before = await store.sessionTotals([of]);
  await store.close();
  const database = new DatabaseSync(file);
  database.exec('ALTER TABLE figure_sessions DROP COLUMN totals');
  addSessionTotals({ database } as unknown as Connection);
  database.close();
  const again = await openSqliteDocuments(file);
  expect(amountOf(before[0]!, 'promptTokens')).toBe(15);
  expect(await again.sessionTotals([of])).toEqual(before);
  await again.close();
});

it('finds the sessions that agents started in a file from before it had an index of them', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'documents.db');
  const store = await openSqliteDocuments(file);
  const started = aSession({ externalId: 'started', parentExternalId: 'main' });
  await save(store, {
    sessions: [aSession({ externalId: 'main' }), started].map((session) => ({ ...session, revision: 0 })),
  });
  await store.close();
  const database = new DatabaseSync(file);
  database.exec('DROP INDEX sessions_by_parent; ALTER TABLE sessions DROP COLUMN parent');
  addParents({ database } as unknown as Connection);
  database.close();
  const again = await openSqliteDocuments(file);
  expect(await again.startedBy(ada, { owner: ada, externalId: 'main' }, { limit: 10 })).toEqual([started]);
  await again.close();
});
