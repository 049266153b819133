import { setTimeout as delay } from 'node:timers/promises';
import { Client, Transport, type estypes, type TransportOptions } from '@elastic/elasticsearch';
import type { Owner, Reader } from '@opensync/contracts';
import { UnusableStoreError, StoreUnavailableError, type StoreDescription } from '../../description.ts';
import { analysisProblems } from '../analysis.ts';
import { deleteRows } from './bulk.ts';
import { openingError, problemError, storeError } from './errors.ts';
import { ElasticsearchGenerations } from './generations.ts';
import { elasticsearchEngine } from './engine.ts';
import { pagesOfRows } from './pages.ts';
import { elasticsearchPosition } from './position.ts';
import { ownedBy } from './query.ts';
import { routingOf, routingOfRow, type Spread } from './routing.ts';
import { HEADING_FIELDS, isVisible, rowId, type StoredRow, type Texts } from './rows.ts';
import { GroupWriter } from './writer.ts';
import type { FoundSession, Scope, SearchEngine } from '../engine.ts';
import { countFacets } from '../facets.ts';
import { scopeOf, withAll, withSome } from '../matching.ts';
import { timeLeft } from '../../overdue.ts';
import { UNLABELLED } from '../../labels.ts';
import { withoutCredentials } from '../../location.ts';
import type { Positioned, StorePosition } from '../../position/port.ts';
import type { IndexedSearchDocument, SearchHit, SearchStore } from '../port.ts';
import type { QueryTerm } from '../query.ts';
import { excerptOf } from '../snippet.ts';
import { rowsWithin } from '../within-session.ts';

export interface ElasticsearchOptions {
  /** May hold user and password. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** The indexes are `<name>-000001` …. */
  readonly name?: string;
  /** Which of them. */
  readonly generation: number;
  /** The user may only read: the index is created by others. */
  readonly isReader?: boolean | undefined;
}

const DEFAULT_NAME = 'opensync-search';
const REQUEST_TIMEOUT_MS = 30_000;
/** A person waits; the other side of a hybrid search can answer alone. */
const SEARCH_TIMEOUT_MS = 5_000;
const RETRY_SECONDS = 0.05;
const IDS_PER_REQUEST = 1_000;
/** Rows with their texts, up to 64 KB each. */
const HITS_PER_REQUEST = 100;
/**
 * Twice the lag of the server's clock, which it reads every 200 ms: a refresh after that forgets the versions of
 * deleted rows.
 */
const VERSIONS_KEPT_MS = 400;
/** How often rows of sessions that are being removed may be written meanwhile. */
const REMOVAL_ROUNDS = 10;
/** Up to this many distinct sessions are counted exactly, beyond within a few percent; the most that the server has. */
const EXACT_SESSIONS = 40_000;

const SEARCH_FIELDS = [
  'owner',
  'visibility',
  'sessionId',
  'messageId',
  'title',
  'projectName',
  'projectPath',
  'text',
  'toolText',
];

/** The client pauses up to four seconds before it repeats a request, which is longer than a search may take. */
class PromptTransport extends Transport {
  constructor(options: TransportOptions) {
    super({ ...options, retryBackoff: () => RETRY_SECONDS });
  }
}

/** A client for {@link ElasticsearchGenerations} and the store. */
export function elasticsearchClient({ url, apiKey }: Pick<ElasticsearchOptions, 'url' | 'apiKey'>): Client {
  return new Client({
    node: url,
    ...(apiKey && { auth: { apiKey } }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Once, for a connection that was closed meanwhile. Callers that can wait repeat the request while the server is down.
    maxRetries: 1,
    Transport: PromptTransport,
  });
}

/**
 * Full text in Elasticsearch 9. Creates the index if there is none. An index of another version is still opened: it
 * is searched as far as possible, and everything else throws UnusableStoreError.
 * @throws UnfitServerError naming the setting that is wrong; StoreUnavailableError while the server does not answer
 */
export async function openElasticsearchSearch(options: ElasticsearchOptions): Promise<SearchStore> {
  const { generation, name = DEFAULT_NAME } = options;
  const client = elasticsearchClient(options);
  const location = withoutCredentials(options.url);
  try {
    const { version } = await checkServer(client);
    const generations = new ElasticsearchGenerations(client, name);
    const { incompatible, ...made } = await (options.isReader
      ? generations.find(generation)
      : generations.prepare(generation));
    const index = generations.indexOf(generation);
    const features = { ...made, version, location: `${location}/${index}` };
    const store = guarded(new ElasticsearchSearch(client, generations.rowsOf(generation), features));
    return incompatible ? searchedAlone(store, index) : store;
  } catch (error) {
    await client.close();
    throw openingError(error, location);
  }
}

/** Removes a generation with all its contents, if it exists. @throws ConfigError, StoreUnavailableError */
export function dropElasticsearchGeneration(options: ElasticsearchOptions): Promise<void> {
  return atGenerations(options, (generations) => generations.drop(options.generation));
}

/** Shows other tools that this generation is in use. @throws ConfigError, StoreUnavailableError */
export function useElasticsearchGeneration(options: ElasticsearchOptions): Promise<void> {
  return atGenerations(options, (generations) => generations.use(options.generation));
}

async function atGenerations(
  { name = DEFAULT_NAME, ...server }: ElasticsearchOptions,
  work: (generations: ElasticsearchGenerations) => Promise<void>,
): Promise<void> {
  const client = elasticsearchClient(server);
  try {
    await work(new ElasticsearchGenerations(client, name));
  } catch (error) {
    throw openingError(error, withoutCredentials(server.url));
  } finally {
    await client.close();
  }
}

async function checkServer(client: Client): Promise<{ version: string }> {
  await client.cluster.health();
  const { nodes } = await client.nodes.info({ filter_path: 'nodes.*.version' });
  const versions = new Set(Object.values(nodes ?? {}).map(({ version }) => version));
  return { version: [...versions].join(', ') };
}

interface Features {
  readonly stemming: boolean;
  /** The version of the analysis that the index was made with. */
  readonly analysis: number;
  readonly spread: Spread;
  readonly version: string;
  readonly location: string;
}

class ElasticsearchSearch implements SearchStore {
  readonly #client: Client;
  readonly #alias: string;
  readonly #features: Features;
  readonly #writer: GroupWriter;

  constructor(client: Client, alias: string, features: Features) {
    this.#client = client;
    this.#alias = alias;
    this.#features = features;
    this.#writer = new GroupWriter(client, alias, features.spread);
  }

  index: SearchStore['index'] = (owner, documents) => this.#writer.write(owner, documents);

  indexed: SearchStore['indexed'] = async (owner, ids) => {
    const found = new Map<string, IndexedSearchDocument>();
    for (const group of inGroups(ids, IDS_PER_REQUEST)) {
      const rows = await this.#get<StoredRow>(
        owner,
        group.map((id) => rowId(owner, id)),
        [...HEADING_FIELDS, 'headingVersion', 'sessionId'],
      );
      for (const [at, row] of rows.entries()) {
        if (!row) continue;
        const { sessionId, title, projectName, projectPath, source, model, createdAt, headingVersion } = row.source;
        const { visibility = 'private' } = row.source;
        const labels = row.source.labels ? JSON.stringify(row.source.labels) : UNLABELLED;
        const heading = { title, projectName, projectPath, source, model, createdAt, visibility, labels };
        found.set(group[at]!, { ...heading, sessionId, version: row.version, headingVersion });
      }
    }
    return found;
  };

  search: SearchStore['search'] = async (reader, query) => {
    const { parsed, limit, level } = query;
    if (parsed.all.length === 0 || query.sessionIds?.length === 0) return [];
    const rows = await withAll(this.#engine(reader, scopeOf(query)), parsed, limit, level);
    return (await this.#hits(reader, rows, parsed.all, query)).map(({ hit }) => hit);
  };

  searchPartly: SearchStore['searchPartly'] = async (reader, query) => {
    const { parsed, limit, level } = query;
    if (query.sessionIds?.length === 0) return [];
    const { matches, terms } = await withSome(this.#engine(reader, scopeOf(query)), parsed, limit, level);
    const missing = new Map(matches.map((found) => [found.row, found.missing]));
    const hits = await this.#hits(reader, matches, terms, query);
    return hits.map(({ row, hit }) => ({ ...hit, missing: missing.get(row)! }));
  };

  searchSession: SearchStore['searchSession'] = async (owner, query, choose) => {
    const { sessionId, parsed, until } = query;
    const scope = { filter: {}, level: 'message', sessionIds: [sessionId], until } as const;
    const rows = await rowsWithin(this.#engine(owner, scope), query);
    // The row of a message has its id, after the owner.
    const byId = new Map(rows.map((found) => [found.row.slice(found.row.indexOf('/') + 1), found]));
    const chosen = (await choose([...byId.keys()])).flatMap((id) => byId.get(id) ?? []);
    const hits = await this.#hits(owner, chosen, parsed.all, { until });
    return hits.flatMap(({ hit: { messageId, excerpt } }) => (messageId === undefined ? [] : [{ messageId, excerpt }]));
  };

  facets: SearchStore['facets'] = (reader, query, hidden) =>
    countFacets((filter) => this.#engine(reader, scopeOf({ ...query, filter })), query, hidden);

  counts: SearchStore['counts'] = async (reader, terms, { until } = {}) =>
    this.#engine(reader, { filter: {}, until }).counts(terms);

  remove: SearchStore['remove'] = async (owner, sessionIds) => {
    let removed = 0;
    for (const group of inGroups(sessionIds, IDS_PER_REQUEST)) removed += await this.#removeSessions(owner, group);
    return removed;
  };

  hasBefore: SearchStore['hasBefore'] = async (owner, sessionId, sequence, { unknown = true } = {}) => {
    const isOfSession = [ownedBy(owner), { term: { sessionId } }];
    // No refresh: callers poll, and each write has refreshed the index when it resolves.
    const { hits } = await this.#client.search({
      index: this.#alias,
      routing: routingOf(this.#features.spread, owner),
      size: 1,
      _source: false,
      query: {
        bool: unknown
          ? // Rows of earlier versions do not have the field, or 0 in it.
            { filter: isOfSession, must_not: [{ range: { firstSequence: { gte: sequence } } }] }
          : { filter: [...isOfSession, { range: { firstSequence: { gte: 1, lt: sequence } } }] },
      },
    });
    return hits.hits.length > 0;
  };

  async describe(): Promise<StoreDescription> {
    const index = this.#alias;
    const { hits, aggregations } = await this.#client.search<
      unknown,
      { sessions: estypes.AggregationsCardinalityAggregate }
    >({
      index,
      size: 0,
      track_total_hits: true,
      aggs: { sessions: { cardinality: { field: 'sessionId', precision_threshold: EXACT_SESSIONS } } },
    });
    // After the search, which says at once that there is no such index; this would wait for it.
    const { status } = await this.#client.cluster.health({ index });
    if (status === 'red')
      throw new StoreUnavailableError('search', {
        message: `the search store is unavailable: the health of the index ${index} is red`,
      });
    const { stemming, analysis, version, location } = this.#features;
    const problems = analysisProblems(analysis);
    return {
      engine: `Elasticsearch ${version} (${status}, ${stemming ? 'with' : 'without'} stemming)`,
      location,
      counts: { sessions: aggregations!.sessions.value, rows: (hits.total as estypes.SearchTotalHits).value },
      ...(problems.length > 0 && { problems }),
    };
  }

  position = (): Promise<StorePosition | undefined> => elasticsearchPosition(this.#client, this.#alias).position();

  setPosition: Positioned['setPosition'] = (next, before) =>
    elasticsearchPosition(this.#client, this.#alias).setPosition(next, before);

  close = (): Promise<void> => this.#client.close();

  /** Repeats until nothing is left, so that rows written meanwhile are removed as well. */
  async #removeSessions(owner: Owner, sessionIds: readonly string[]): Promise<number> {
    const index = this.#alias;
    const routing = routingOf(this.#features.spread, owner);
    const query = { bool: { filter: [ownedBy(owner), { terms: { sessionId: [...sessionIds] } }] } };
    let removed = 0;
    for (let round = 0; round < REMOVAL_ROUNDS; round += 1) {
      await this.#client.indices.refresh({ index });
      let seen = 0;
      for await (const page of pagesOfRows(this.#client, index, { query, routing })) {
        seen += page.length;
        removed += await deleteRows(this.#client, index, routing, page);
      }
      if (seen > 0) continue;
      if (removed > 0) {
        await delay(VERSIONS_KEPT_MS);
        await this.#client.indices.refresh({ index });
      }
      return removed;
    }
    throw new StoreUnavailableError('search', {
      cause: new Error('sessions are being written while they are being removed'),
    });
  }

  #engine(reader: Reader, scope: Scope): SearchEngine<string, string> {
    const { stemming, spread } = this.#features;
    return elasticsearchEngine(this.#client, this.#alias, reader, scope, {
      stemming,
      spread,
      requestTimeout: SEARCH_TIMEOUT_MS,
    });
  }

  /** What a person sees of rows; those that are gone meanwhile are left out. */
  async #hits(
    reader: Reader,
    found: readonly FoundSession<string, string>[],
    terms: readonly QueryTerm[],
    { until }: Pick<Scope, 'until'>,
  ): Promise<{ row: string; hit: SearchHit }[]> {
    const hits: { row: string; hit: SearchHit }[] = [];
    for (const group of inGroups(found, HITS_PER_REQUEST)) {
      const rows = await this.#get<StoredRow>(
        reader,
        group.map(({ row }) => row),
        SEARCH_FIELDS,
        { until },
      );
      for (const [at, { row, score }] of group.entries()) {
        const stored = rows[at]?.source;
        // A session that was shared when it was found may be private now.
        if (!stored || !isVisible(reader, stored)) continue;
        const { sessionId, messageId, title, projectName, projectPath } = stored;
        const { text, toolText } = await this.#textsOf(reader, row, stored, { until });
        const excerpt = excerptOf([text, toolText, title, projectName, projectPath], terms);
        hits.push({ row, hit: { sessionId, ...(messageId !== undefined && { messageId }), score, title, excerpt } });
      }
    }
    return hits;
  }

  /** A long row's texts are fetched one row at a time: many at once would fill the memory of both sides. */
  async #textsOf(
    reader: Reader,
    id: string,
    { text, toolText }: StoredRow,
    options: Pick<Scope, 'until'>,
  ): Promise<Texts> {
    if (text !== undefined && toolText !== undefined) return { text, toolText };
    const fields = ['long', 'text', 'toolText'];
    const [row] = await this.#get<Pick<StoredRow, 'long'> & Partial<Texts>>(reader, [id], fields, options);
    // Written again between the two requests, it may be shorter, or gone.
    const { long, ...ordinary } = row?.source ?? {};
    return { text: '', toolText: '', ...ordinary, ...long };
  }

  /** Rows of the reader's workspace by their ids. */
  async #get<Row>(
    reader: Reader,
    ids: readonly string[],
    fields: readonly string[],
    { until }: Pick<Scope, 'until'> = {},
  ) {
    const { docs } = await this.#client.mget<Row>(
      {
        index: this.#alias,
        docs: ids.map((_id) => ({ _id, routing: routingOfRow(this.#features.spread, reader, _id) })),
        // Only what a search finds, not rows that wait for a refresh: those may not be reported as searchable yet.
        realtime: false,
        _source_includes: [...fields],
      },
      until === undefined ? {} : { requestTimeout: timeLeft(until, SEARCH_TIMEOUT_MS) },
    );
    return docs.map((row) => {
      if ('error' in row) throw problemError(row.error);
      return row.found ? { source: row._source!, version: row._version! } : undefined;
    });
  }
}

/** Errors of the client never leave the adapter. */
function guarded(store: SearchStore): SearchStore {
  const guard =
    <Arguments extends readonly unknown[], Result>(operation: (...args: Arguments) => Promise<Result>) =>
    (...args: Arguments) =>
      operation(...args).catch((error: unknown): never => {
        throw storeError(error);
      });
  return {
    index: guard(store.index),
    indexed: guard(store.indexed),
    search: guard(store.search),
    searchPartly: guard(store.searchPartly),
    searchSession: guard(store.searchSession),
    facets: guard(store.facets),
    counts: guard(store.counts),
    remove: guard(store.remove),
    hasBefore: guard(store.hasBefore),
    describe: guard(() => store.describe()),
    position: guard(() => store.position()),
    setPosition: guard((...change: Parameters<Positioned['setPosition']>) => store.setPosition(...change)),
    close: () => store.close(),
  };
}

/** An index of another version: requests for fields that it does not know, or knows differently, are rejected. */
function searchedAlone(store: SearchStore, index: string): SearchStore {
  const incompatible = (cause?: unknown) =>
    new UnusableStoreError('search', {
      message: `the search store is unavailable: another version created the index ${index}; build a new one beside it with: opensync rebuild search`,
      cause,
    });
  const refuse = () => Promise.reject(incompatible());
  const orIncompatible = (error: unknown): never => {
    throw error instanceof StoreUnavailableError ? error : incompatible(error);
  };
  return {
    index: refuse,
    indexed: refuse,
    remove: refuse,
    hasBefore: refuse,
    describe: refuse,
    position: refuse,
    setPosition: refuse,
    search: (reader, query) => store.search(reader, query).catch(orIncompatible),
    searchPartly: (reader, query) => store.searchPartly(reader, query).catch(orIncompatible),
    searchSession: (...args) => store.searchSession(...args).catch(orIncompatible),
    facets: (...args) => store.facets(...args).catch(orIncompatible),
    counts: (reader, terms, options) => store.counts(reader, terms, options).catch(orIncompatible),
    close: () => store.close(),
  };
}

function* inGroups<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
