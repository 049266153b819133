import { randomUUID } from 'node:crypto';
import { loadSettings, type Settings } from '@opensync/platform';
import { MongoClient } from 'mongodb';

/** Begins the names of all that a benchmark makes on a server that others use, too. */
export const ownName = (): string => `bench-${randomUUID().slice(0, 13)}`;

/** A MongoDB URL with a database of the benchmark's own. */
export function withDatabase(url: string, name: string): string {
  const database = new URL(url);
  database.pathname = `/${name}`;
  return database.href;
}

export async function dropDatabase(url: string, name: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
  try {
    await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}

/** The product's settings with these alone set, whatever the environment says. */
export function settingsWith(given: Partial<Record<keyof Settings, string>>): Settings {
  // What is not named here must not lie anywhere by accident.
  return loadSettings({ OPENSYNC_DATA_DIR: '/dev/null/data', ...given });
}
