import { join } from 'node:path';
import { openSqliteSearch, parseQuery } from '@opensync/stores';
import { anOwner, temporaryFolder } from '@opensync/testkit';
import { ms, percentile, type Figure } from '../figures.ts';
import { aSearchDocument } from '../search-documents.ts';
import { rawFullText } from './raw-full-text.ts';

const DOCUMENTS = 20_000;
const QUERIES = [
  'login cookie',
  'retry handler undef',
  'usestate',
  'network slow requ',
  'docker kubernetes -cache',
  '"parse error"',
];
const ROUNDS = 40;

/** Full-text p95 through the adapter (thread hop, grouping, snippets) against the raw FTS5 query on the same file. */
export async function searchFigures(): Promise<Figure[]> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'search.db');
  const owner = anOwner();
  const store = await openSqliteSearch(file);
  for (let at = 0; at < DOCUMENTS; at += 500) {
    await store.index(
      owner,
      Array.from({ length: 500 }, (_, offset) => aSearchDocument(at + offset)),
    );
  }
  // In turn, so that both see the same machine.
  const ceiling = rawFullText(file);
  const adapter: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const query of QUERIES) {
      const start = performance.now();
      await store.search(owner, { parsed: parseQuery(query), filter: {}, limit: 20 });
      const between = performance.now();
      ceiling.query(query);
      adapter.push(between - start);
      raw.push(performance.now() - between);
    }
  }
  ceiling.close();
  await store.close();
  return [
    {
      name: `full text, ${DOCUMENTS.toLocaleString('en-US')} messages, p95`,
      value: ms(percentile(adapter, 0.95)),
      ceiling: ms(percentile(raw, 0.95)),
      ratio: percentile(adapter, 0.95) / percentile(raw, 0.95),
      aim: '≤ 1.3',
    },
  ];
}
