import { join } from 'node:path';
import { openSqliteDocuments, type DocumentStore } from '@opensync/stores';
import { aMessageSynced, anOwner, aSessionDeleted, temporaryFolder, type TemporaryFolder } from '@opensync/testkit';
import { noHistory, stream } from '../testing/deliveries.ts';
import { DocumentsProjection } from './documents-projection.ts';

const owner = anOwner('ada@example.com');

describe('deletions that a projector records', () => {
  let folder: TemporaryFolder;
  let documents: DocumentStore;
  beforeEach(async () => {
    folder = await temporaryFolder();
    documents = await openSqliteDocuments(join(folder.path, 'documents.db'));
  });
  afterEach(async () => {
    await documents.close();
    await folder.remove();
  });

  it.each([
    [['message'], []],
    [['message', 'deletion'], [2]],
    [
      ['message', 'deletion', 'message', 'deletion', 'deletion', 'message'],
      [2, 5],
    ],
  ])('are the first and the last one of a batch: %j', async (kinds, expected) => {
    const recorded: number[] = [];
    const projection = new DocumentsProjection({
      history: noHistory,
      documents,
      publishChanges: async () => undefined,
      onDeletion: async (_, sequence) => void recorded.push(sequence),
    });
    const events = kinds.map((kind, at) => {
      if (kind === 'deletion') return aSessionDeleted(`session-${at - 1}`, { owner });
      return aMessageSynced({ sessionExternalId: `session-${at}`, externalId: `message-${at}` }, { owner });
    });
    await projection.apply(stream(events));
    expect(recorded).toEqual(expected);
  });
});
