import { serverFor, serverNeeds, type StoreServer } from '@opensync/testkit';
import { MongoClient } from 'mongodb';
import type { Figure } from './figures.ts';

/**
 * The figures that need a server, with a note on the server unless they have their own; if there is none, one figure
 * that says what is missing.
 */
export async function onServer(
  kind: StoreServer,
  name: string,
  measure: (url: string) => Promise<readonly Figure[]>,
): Promise<Figure[]> {
  const url = await serverFor(kind);
  if (url === undefined) {
    return [{ name, value: 'not run', ceiling: '', note: `Not run: needs ${serverNeeds(kind)}.` }];
  }
  const note = await NOTES[kind](url);
  return (await measure(url)).map((figure) => ({ note, ...figure }));
}

/** What each server says of itself: figures on a stand-in say nothing about the real one. */
const NOTES: Readonly<Record<StoreServer, (url: string) => Promise<string>>> = {
  mongodb: async (url) => {
    const client = new MongoClient(url);
    try {
      const { process, version } = await client.db('admin').command({ serverStatus: 1 });
      return /^mongo[ds]$/.test(String(process))
        ? real(`MongoDB ${String(version)}`)
        : standIn('MongoDB', `a "${String(process)}" process that speaks its protocol and may scan where an index is`);
    } finally {
      await client.close();
    }
  },
  elasticsearch: async (url) => {
    const path = '/_nodes?filter_path=nodes.*.version,nodes.*.modules.name';
    const { nodes } = (await (await fetch(`${url}${path}`)).json()) as ElasticsearchNodes;
    const [{ version, modules }] = Object.values(nodes) as [ElasticsearchNodes['nodes'][string]];
    return real(`Elasticsearch ${version} with ${modules.length} modules`);
  },
  qdrant: async (url) => {
    const { title, version } = (await (await fetch(url)).json()) as { title: string; version: string };
    return title === 'qdrant - vector search engine' ? real(`Qdrant ${version}`) : standIn('Qdrant', `"${title}"`);
  },
};

interface ElasticsearchNodes {
  readonly nodes: Readonly<Record<string, { version: string; modules: readonly unknown[] }>>;
}

function real(server: string): string {
  return `On ${server}, on this machine unless its URL says otherwise: both rates depend on it.`;
}

function standIn(name: string, what: string): string {
  return `On a stand-in for ${name}: ${what}. The figures are bound by its own speed and say little about the real server.`;
}
