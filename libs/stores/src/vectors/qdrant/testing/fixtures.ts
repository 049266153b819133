import { randomUUID } from 'node:crypto';
import type { Owner } from '@opensync/contracts';
import { toxicProxy, type Toxic } from '@opensync/testkit';
import { qdrantClient, type QdrantServer } from '../connection.ts';
import type { VectorStore } from '../../port.ts';
import type { WholeDocument } from '../points.ts';

export const ANN: Owner = { workspaceId: 'wsp_one', userId: 'usr_ann' };
export const MODEL = { model: 'some/model:latest', dimensions: 4 };

/** A vector that points in a direction of its own for each `n`, radians. */
export function turned(n: number): Float32Array {
  return new Float32Array([Math.cos(n), Math.sin(n), 0, 0]);
}

/** A message of `length` chunks, whose hashes and vectors differ in each version. */
export function aDocument(
  id: string,
  { version = 1, length = 1 }: { readonly version?: number; readonly length?: number } = {},
): WholeDocument {
  return {
    id,
    collection: 'messages',
    sessionId: `ses_of_${id}`,
    version,
    source: 'codex',
    model: '',
    projectName: '',
    projectPath: '',
    createdAt: 1_000,
    visibility: 'private',
    chunks: Array.from({ length }, (_, at) => ({ hash: `${version} ${at}`, vector: turned(version * 100 + at) })),
  };
}

/** Removes all collections whose names begin with this, and their aliases with them. */
export async function removeCollections(server: QdrantServer, name: string): Promise<void> {
  const client = qdrantClient(server);
  const { collections } = await client.getCollections();
  for (const collection of collections) {
    if (collection.name.startsWith(`${name}-`)) await client.deleteCollection(collection.name);
  }
}

/** Gives each test collections of its own on this server, and proxies in front of it that are closed at its end. */
export function qdrantForTests(url: string) {
  const server = { url, name: '', ...MODEL };
  const proxies: Awaited<ReturnType<typeof toxicProxy>>[] = [];
  beforeEach(() => {
    server.name = `test-${randomUUID()}`;
  });
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
    await removeCollections({ url }, server.name);
  });
  const proxied = async (toxic: Toxic) => {
    const proxy = await toxicProxy(url, toxic);
    proxies.push(proxy);
    return proxy;
  };
  return { server, proxied };
}

/** The documents nearest to the vector that points at 0. */
export function near(store: VectorStore, limit = 20) {
  return store.search(ANN, { vector: turned(0), filter: {}, limit });
}
