import { elasticsearchClient } from './store.ts';
import type { SearchDocument } from '../port.ts';

/** Removes all generations of a test's own index. */
export async function removeIndexes(url: string, name: string): Promise<void> {
  const client = elasticsearchClient({ url });
  const indexes = Object.keys(await client.indices.get({ index: `${name}-*` }));
  if (indexes.length > 0) await client.indices.delete({ index: indexes });
  await client.close();
}

export function aRow(id: string, given: Partial<SearchDocument> = {}): SearchDocument {
  return {
    id,
    sessionId: `ses_of_${id}`,
    messageId: id,
    version: 1,
    title: '',
    projectName: '',
    projectPath: '',
    source: 'codex',
    model: '',
    createdAt: 1_000,
    visibility: 'private',
    text: 'needle',
    toolText: '',
    ...given,
  };
}
