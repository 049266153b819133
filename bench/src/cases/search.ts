import { join } from 'node:path';
import type { Owner } from '@opensync/contracts';
import { openSqliteSearch, parseQuery, type SearchStore } from '@opensync/stores';
import { anOwner, temporaryFolder } from '@opensync/testkit';
import { median, ms, percentile, type Figure } from '../figures.ts';
import { aSearchDocument } from '../search-documents.ts';
import { rawFullText } from './raw-full-text.ts';

const SIZES = [1_000, 10_000, 100_000];
/** Owners of the last figure, with this many messages each. */
const OWNERS = Number(process.env.BENCH_SEARCH_OWNERS ?? 50);
const OF_EACH = 10_000;
const AT_ONCE = 500;
/** Results of a page. */
const LIMIT = 20;
const QUERIES = [
  'login cookie',
  'retry handler undef',
  'usestate',
  'network slow requ',
  'docker kubernetes -cache',
  '"parse error"',
];
/** The p95 of each block is a pair of adapter and raw query; the ratio is the median of the pairs. */
const BLOCKS = 7;
const ROUNDS = 8;

const NUMBERS = new Intl.NumberFormat('en-US');

/**
 * Full-text p95 through the adapter (reads of each word, grouping, texts, snippets) against one raw FTS5 query for
 * the same page on the same file, as an owner's messages become more, and among many owners.
 */
export async function searchFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const messages of SIZES) {
    const blocks = await measured([anOwner()], messages);
    figures.push(figure(`full text, one owner, ${NUMBERS.format(messages)} messages, p95`, blocks));
  }
  const owners = Array.from({ length: OWNERS }, (_, at) => anOwner(`owner-${at}@example.com`));
  const blocks = await measured(owners, OF_EACH);
  return [...figures, figure(`full text, ${OWNERS} owners of ${NUMBERS.format(OF_EACH)} messages, p95`, blocks)];
}

/** p95 in milliseconds. */
interface Block {
  readonly adapter: number;
  readonly raw: number;
}

/** Queries of all owners, through the adapter and raw in turn, so that both see the same machine. */
async function measured(owners: readonly Owner[], messages: number): Promise<Block[]> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'search.db');
  const store = await openSqliteSearch(file);
  for (const owner of owners) await fill(store, owner, messages);
  const blocks: Block[] = [];
  let turn = 0;
  for (let block = 0; block < BLOCKS; block++) {
    const owner = owners[turn++ % owners.length]!;
    const ceiling = await rawFullText(file, owner, LIMIT);
    const search = (query: string) => store.search(owner, { parsed: parseQuery(query), filter: {}, limit: LIMIT });
    // What a first query reads from the file is in memory then, for both.
    for (const query of QUERIES) await Promise.all([search(query), ceiling.query(query)]);
    const adapter: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const query of QUERIES) {
        adapter.push(await timeOf(() => search(query)));
        raw.push(await timeOf(() => ceiling.query(query)));
      }
    }
    blocks.push({ adapter: percentile(adapter, 0.95), raw: percentile(raw, 0.95) });
    await ceiling.close();
  }
  await store.close();
  return blocks;
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function fill(store: SearchStore, owner: Owner, messages: number): Promise<void> {
  for (let at = 0; at < messages; at += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, messages - at) }, (_, offset) => aSearchDocument(at + offset));
    await store.index(owner, some);
  }
}

function figure(name: string, blocks: readonly Block[]): Figure {
  const ratios = blocks.map(({ adapter, raw }) => adapter / raw);
  return {
    name,
    value: ms(median(blocks.map(({ adapter }) => adapter))),
    ceiling: ms(median(blocks.map(({ raw }) => raw))),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    aim: '≤ 1.3',
  };
}
