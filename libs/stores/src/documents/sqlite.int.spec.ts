import { join } from 'node:path';
import { temporaryFolder } from '@opensync/testkit';
import { documentsConformance } from './documents.conformance.ts';
import { openSqliteDocuments } from './sqlite.ts';

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
