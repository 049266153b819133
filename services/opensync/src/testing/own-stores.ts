import { randomBytes } from 'node:crypto';
import { loadSettings } from '@opensync/platform';
import { dropGeneration } from '@opensync/stores';
import { removeIndexesAndCollections, type StoreServer } from '@opensync/testkit';

export interface OwnStores {
  /** The settings that name them. */
  readonly env: NodeJS.ProcessEnv;
  /** Removes everything that was created on the servers. */
  remove(): Promise<void>;
}

/** Unique names of a test on shared servers. */
export function ownStores(servers: Readonly<Record<StoreServer, string>>): OwnStores {
  const name = `test-${randomBytes(6).toString('hex')}`;
  const database = new URL(servers.mongodb);
  database.pathname = `/${name}`;
  const env = {
    MONGODB_URL: database.href,
    ELASTICSEARCH_URL: servers.elasticsearch,
    QDRANT_URL: servers.qdrant,
    OPENSYNC_STORE_PREFIX: name,
    // Nothing may lie here.
    OPENSYNC_DATA_DIR: '/dev/null/data',
  };
  return {
    env,
    async remove() {
      await dropGeneration(loadSettings(env), 'documents', 1);
      await removeIndexesAndCollections(servers, name);
    },
  };
}
