import { join } from 'node:path';
import { temporaryFolder } from '@opensync/testkit';
import { documentsConformance } from '../conformance/suite.ts';
import { openSqliteDocuments } from './store.ts';

documentsConformance('SQLite', async () => {
  const folder = await temporaryFolder();
  const store = await openSqliteDocuments(join(folder.path, 'documents.sqlite'));
  return {
    store,
    dispose: async () => {
      await store.close();
      await folder.remove();
    },
  };
});
