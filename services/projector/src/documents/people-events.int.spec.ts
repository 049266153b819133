import { isEventType, newUserId, NONE, workspaceIdOf, type NewEvent } from '@opensync/contracts';
import { join } from 'node:path';
import { openSqliteDocuments } from '@opensync/stores';
import { anOwner, aSessionSynced, temporaryFolder } from '@opensync/testkit';
import { noHistory, stream } from '../testing/deliveries.ts';
import { DocumentsProjection } from './documents-projection.ts';

const owner = anOwner();
const userId = newUserId();
const member = { workspaceId: workspaceIdOf('default'), userId };
const envelope = { id: 'id', time: 0 };
const log = stream([
  {
    ...{ ...envelope, type: 'dev.opensync.user.put.v1', owner: { workspaceId: NONE, userId } },
    data: { userId, email: 'ada@example.com' },
  },
  { ...envelope, type: 'dev.opensync.membership.put.v1', owner: member, data: { ...member, role: 'owner' } },
  aSessionSynced(),
  {
    ...{ ...envelope, type: 'dev.opensync.apikey.created.v1', owner: member },
    data: { ...member, keyId: 'key_1', name: 'laptop', scopes: ['read'] },
  },
] satisfies NewEvent[]);

describe('events about people', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let documents: Awaited<ReturnType<typeof openSqliteDocuments>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
    documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
  });
  afterEach(async () => {
    await documents.close();
    await folder.remove();
  });

  it('do not affect the documents, which have the events between them', async () => {
    const announced: unknown[] = [];
    const projection = new DocumentsProjection({
      history: noHistory,
      documents,
      publishChanges: async (of, changes) => void announced.push([of, changes.sessions.length]),
    });
    expect(await projection.apply(log)).toEqual({ poison: [] });
    expect(announced).toEqual([[owner, 1]]);
  });

  it('are parked by a projector of an earlier version, and harmless when a newer one replays them', async () => {
    const knowsNoPeople: typeof isEventType = (type): type is NewEvent['type'] =>
      isEventType(type) && !/\.(user|membership|workspace|apikey)\./.test(type);
    const options = { history: noHistory, documents, publishChanges: async () => undefined };
    const { poison = [] } = await new DocumentsProjection({ ...options, knows: knowsNoPeople }).apply(log);
    expect(poison.map(({ kind, delivery }) => [kind, delivery.sequence])).toEqual([
      ['unknown-type', 1],
      ['unknown-type', 2],
      ['unknown-type', 4],
    ]);
    const replayed = poison.map(({ delivery }) => delivery);
    expect(await new DocumentsProjection(options).apply(replayed)).toEqual({ poison: [] });
  });
});
