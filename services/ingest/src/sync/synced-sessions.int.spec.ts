import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { evolveSession, type SessionState } from '@opensync/contracts';
import { openSqliteDocuments, type DocumentStore } from '@opensync/stores';
import { aSessionSynced, anOwner, temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { SyncedSessions } from './synced-sessions.ts';

const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');

let folder: TemporaryFolder;
let documents: DocumentStore;
beforeAll(async () => {
  folder = await temporaryFolder();
  documents = await openSqliteDocuments(join(folder.path, 'documents.sqlite'));
});
afterAll(async () => {
  await documents.close();
  await folder.remove();
});

function session(externalId: string, createdAt: number, owner = ADA): SessionState & { revision: number } {
  const event = aSessionSynced({ externalId, createdAt }, { owner });
  return { ...evolveSession(undefined, { ...event, sequence: createdAt })!, revision: 0 };
}

const idsOf = async (owner = ADA) =>
  (JSON.parse(await text(await new SyncedSessions(documents).json(owner))) as { sessionIds: string[] }).sessionIds;

it('lists nothing if nothing is stored', async () => {
  expect(await idsOf()).toEqual([]);
});

it.each([999, 1000, 2500])(
  'lists %i sessions of many pages once each, newest first, and nobody else’s',
  async (count) => {
    const owner = anOwner(`owner-of-${count}@example.com`);
    // Two share each creation time, so that a page may end between them.
    const sessions = Array.from({ length: count }, (_, index) =>
      session(`s"${index}`, 1 + Math.floor(index / 2), owner),
    );
    await documents.save({ sessions: [...sessions, session('bobs', 1, BOB)], messages: [], parts: [] });
    const ids = await idsOf(owner);
    expect(new Set(ids)).toEqual(new Set(sessions.map(({ externalId }) => externalId)));
    expect(ids).toHaveLength(count);
    const times = ids.map((id) => Math.floor(Number(id.slice(2)) / 2));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(await idsOf(BOB)).toEqual(['bobs']);
  },
);

it('rejects before the first byte if the store does not answer', async () => {
  const closed = await openSqliteDocuments(join(folder.path, 'closed.sqlite'));
  await closed.close();
  await expect(new SyncedSessions(closed).json(ADA)).rejects.toThrow();
});
