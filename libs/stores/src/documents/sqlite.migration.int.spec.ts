import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { currentParts, type MessageState, type PartState } from '@opensync/contracts';
import { temporaryFolder } from '@opensync/testkit';
import { openSqliteDocuments } from './sqlite.ts';
import { MIGRATIONS } from './sqlite.schema.ts';
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
} from './states.conformance.ts';

const LONG = `${ODD_TEXT} ${'lorem ipsum 漢字 '.repeat(20_000)}end`;
const REFERENCE = { sha256: 'a'.repeat(64), size: 900_000, preview: 'the beginning' };

/** A file as the first version of the schema left it: states as JSON, texts and contents within. */
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
  it('says the same after it is opened', async () => {
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

  it('takes what is saved after it is opened, and is opened again as it is', async () => {
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
