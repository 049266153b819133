import { EMPTY_ROLLUP, ownerKey, type Owner, type SessionRollup, type SessionState } from '@opensync/contracts';
import { ObjectId, type Collection, type Db } from 'mongodb';
import type { Positioned, StorePosition } from '../../position/port.ts';
import { StoreUnavailableError, type StoreDescription } from '../../description.ts';
import {
  SHARED,
  collectionsOf,
  createIndexes,
  indexProblems,
  type Collections,
  type GoneSessionDocument,
  type SessionDocument,
} from './collections.ts';
import { connectMongo, openingError, type MongoConnection, type MongoLocation } from './connection.ts';
import { toStoreError } from './errors.ts';
import { MongoFigures } from './figures.ts';
import { MongoMessages } from './messages.ts';
import { MongoOutlines } from './outlines.ts';
import { mongoPosition, positionCollection, type MongoPosition } from './position.ts';
import {
  byKeys,
  goneQuery,
  ofOwner,
  failedPipeline,
  rollupsPipeline,
  sessionsQuery,
  sharedSessionsQuery,
  sharedWith,
  startedByQuery,
  statsPipeline,
  trashQuery,
  type Find,
  type GroupedRollup,
  type StatsRow,
} from './queries.ts';
import { messageDocument, partDocument, sessionDocument, sessionState } from './rows.ts';
import { hasBefore, removeBefore, saveParts, saveRevised, settleParts } from './saving.ts';
import { byPresence } from '../gone.ts';
import { unplaced } from './places.ts';
import { markErrors } from './mark-errors.ts';
import { rollupOfRow } from '../rollup-rows.ts';
import type { DocumentStore, LoadedDocuments, Revised, SavedDocuments } from '../port.ts';
import { statsOf } from '../stats.ts';

/** A scan of the keys, not the documents, which may still take this long with hundreds of millions of them. */
const COUNT_ALL = { hint: '_id_', timeoutMS: 1_800_000 };

export interface MongoDocumentsOptions extends MongoLocation {
  /** Each generation has its own collections, so that one can be built next to another; default 1. */
  readonly generation?: number;
  /** The user may only read: indexes are created by others. MongoDB treats a missing collection as an empty one. */
  readonly isReader?: boolean | undefined;
}

/**
 * Documents in MongoDB 5.0 or later, or a service that speaks its protocol: no transactions, no change streams.
 * Creates missing collections and indexes.
 * @throws ConfigError naming MONGODB_URL if the URL is invalid; UnfitServerError if the credentials or the server's
 * version are
 * @throws StoreUnavailableError if the server does not answer
 */
export async function openMongoDocuments(options: MongoDocumentsOptions): Promise<DocumentStore> {
  const connection = await connectMongo(options);
  const collections = generationOf(connection.database, options);
  try {
    if (!options.isReader) {
      await markErrors(collections);
      await createIndexes(collections);
    }
  } catch (error) {
    await connection.client.close();
    throw openingError(error, options.url);
  }
  return new MongoDocuments(
    connection,
    collections,
    mongoPosition(positionCollection(connection.database, prefixOf(options))),
  );
}

/**
 * Removes a generation, if it exists. No process may have it open.
 * @throws ConfigError, StoreUnavailableError
 */
export async function dropMongoGeneration(options: MongoDocumentsOptions): Promise<void> {
  const { client, database } = await connectMongo(options);
  try {
    const { sessions, messages, parts, contributions, figures, rating } = generationOf(database, options);
    const position = positionCollection(database, prefixOf(options));
    const names = [sessions, messages, parts, contributions, figures, rating, position].map(
      ({ collectionName }) => collectionName,
    );
    const present = await database.listCollections({}, { nameOnly: true }).toArray();
    for (const { name } of present) if (names.includes(name)) await database.dropCollection(name);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client.close();
  }
}

function generationOf(database: Db, options: MongoDocumentsOptions): Collections {
  return collectionsOf(database, prefixOf(options));
}

function prefixOf({ generation = 1 }: MongoDocumentsOptions): string {
  return generation === 1 ? '' : `g${generation}_`;
}

type TrashRow = Pick<GoneSessionDocument, 'id'> & { readonly trash: NonNullable<GoneSessionDocument['trash']> };

/** Sessions that one request looks up. */
const IDS_PER_REQUEST = 1_000;

class MongoDocuments implements DocumentStore {
  readonly #connection: MongoConnection;
  readonly #collections: Collections;
  readonly #messages: MongoMessages;
  readonly #outlines: MongoOutlines;
  readonly #position: MongoPosition;
  readonly #figures: MongoFigures;
  #closed = false;

  constructor(connection: MongoConnection, collections: Collections, position: MongoPosition) {
    this.#connection = connection;
    this.#collections = collections;
    this.#position = position;
    this.#messages = new MongoMessages(collections);
    this.#outlines = new MongoOutlines(collections, this.#messages);
    this.#figures = new MongoFigures(collections);
  }

  load(
    owner: Owner,
    { sessions = [], messages = [], rollups = [] }: Parameters<DocumentStore['load']>[1],
  ): Promise<LoadedDocuments> {
    return this.#ask(async () => {
      const [[loadedSessions, loadedRollups], loadedMessages] = await Promise.all([
        // In this order: see LoadedDocuments.rollups.
        this.#loadSessions(owner, sessions).then(
          async (loaded) => [loaded, await this.#loadRollups(owner, rollups)] as const,
        ),
        this.#messages.heads(owner, messages),
      ]);
      return { ...byPresence(loadedSessions), rollups: loadedRollups, messages: loadedMessages };
    });
  }

  save({
    sessions,
    messages,
    replaced,
    parts,
    settle = [],
    touched = [],
    reach,
  }: SavedDocuments): Promise<readonly string[]> {
    return this.#ask(async () => {
      const collections = this.#collections;
      const saver = new ObjectId();
      const [lostSessions, lostMessages] = await Promise.all([
        saveRevised(
          collections.sessions as unknown as Collection<SessionDocument | GoneSessionDocument>,
          sessions.map((session) => sessionDocument(session, saver)),
        ),
        saveRevised(
          collections.messages,
          messages.map((message) => messageDocument(message, saver)),
          replaced,
        ),
        saveParts(collections.parts, parts.map(partDocument)),
        // Not every server has transactions. A value that is too low during one of these writes is close enough.
        reach === undefined ? undefined : this.#position.raiseReach(reach),
      ]);
      for (const refs of Map.groupBy(settle, ({ owner }) => ownerKey(owner)).values()) {
        await settleParts(
          collections,
          refs[0]!.owner,
          refs.map(({ id }) => id),
        );
      }
      await this.#figures.touch(touched);
      return [...lostSessions, ...lostMessages];
    });
  }

  removeBefore: DocumentStore['removeBefore'] = (owner, sessionId, sequence, { messageIds = [], mixedIds = [] } = {}) =>
    this.#ask(() => removeBefore(this.#collections, owner, { sessionId, sequence, messageIds, mixedIds }));

  hasBefore: DocumentStore['hasBefore'] = (owner, sessionId, sequence) =>
    this.#ask(() => hasBefore(this.#collections, owner, { sessionId, sequence }));

  goneSessions: DocumentStore['goneSessions'] = (owner, { after = '', limit }) =>
    this.#ask(async () => {
      const { gone } = this.#collections;
      const found = gone.find(goneQuery(owner, after), { sort: { _id: 1 }, limit }).project<{ id: string }>({ id: 1 });
      return (await found.toArray()).map(({ id }) => id);
    });

  trashed: DocumentStore['trashed'] = (query) =>
    this.#ask(async () => {
      const { filter, sort, limit } = trashQuery(query);
      const found = this.#collections.gone.find(filter, { sort, limit }).project<TrashRow>({ id: 1, trash: 1 });
      return (await found.toArray()).map(({ id, trash: { owner, at } }) => ({ owner, id, trashedAt: at }));
    });

  published: DocumentStore['published'] = (hash) =>
    this.#ask(async () => {
      const document = await this.#collections.sessions.findOne({ 'fields.publication.hash': hash });
      return document ? sessionState(ofOwner(document), document) : undefined;
    });

  sessionsById: DocumentStore['sessionsById'] = (reader, ids) =>
    this.#ask(async () => {
      if (ids.length === 0) return new Map();
      const own = byPresence(await this.#loadSessions(ofOwner(reader), ids)).sessions;
      const found = new Map([...own].map(([id, { revision: _revision, ...session }]) => [id, session as SessionState]));
      const others = reader.sessions === 'visible' ? ids.filter((id) => !found.has(id)) : [];
      if (others.length === 0) return found;
      const filter = { ...sharedWith(reader), id: { $in: others } };
      for (const document of await this.#collections.sessions.find(filter).toArray()) {
        found.set(document.id, sessionState(ofOwner(document), document));
      }
      return found;
    });

  visibleIds: DocumentStore['visibleIds'] = (reader, ids) =>
    this.#ask(async () => {
      const { sessions } = this.#collections;
      const visible = new Set<string>();
      for (let at = 0; at < ids.length; at += IDS_PER_REQUEST) {
        const some = ids.slice(at, at + IDS_PER_REQUEST);
        const own = { ...byKeys(reader, some), workspaceId: reader.workspaceId };
        const filters = [
          own,
          ...(reader.sessions === 'visible' ? [{ ...sharedWith(reader), id: { $in: [...some] } }] : []),
        ];
        for (const filter of filters)
          for (const { id } of await sessions.find(filter).project<{ id: string }>({ _id: 0, id: 1 }).toArray())
            visible.add(id);
      }
      return [...visible];
    });

  sessions: DocumentStore['sessions'] = (reader, query) =>
    this.#ask(async () => {
      const page = ({ filter, sort, limit }: Find<SessionDocument>) =>
        this.#collections.sessions.find(filter, { sort, limit }).toArray();
      const states = (documents: readonly SessionDocument[]) =>
        documents.map((document) => sessionState(ofOwner(document), document));
      if (reader.sessions !== 'visible') return states(await page(sessionsQuery(reader, query)));
      // Two short pages, each along its index, instead of a scan of all sessions of the workspace.
      const pages = await Promise.all([page(sessionsQuery(reader, query)), page(sharedSessionsQuery(reader, query))]);
      const { sort, order, limit } = query;
      const sign = order === 'asc' ? 1 : -1;
      const byId = new Map(pages.flat().map((document) => [document.id, document]));
      return states(
        [...byId.values()].sort((a, b) => sign * (a[sort] - b[sort] || (a.id < b.id ? -1 : 1))).slice(0, limit),
      );
    });

  startedBy: DocumentStore['startedBy'] = (reader, { owner, externalId }, { limit: most }) =>
    this.#ask(async () => {
      const isOwn = ownerKey(owner) === ownerKey(reader);
      if (!isOwn && (reader.sessions !== 'visible' || owner.workspaceId !== reader.workspaceId)) return [];
      const { filter, sort, limit } = startedByQuery(owner, externalId, most);
      const visible = isOwn ? filter : { ...filter, ...SHARED };
      const found = await this.#collections.sessions.find(visible, { sort, limit }).toArray();
      return found.map((document) => sessionState(owner, document));
    });

  messageKeys: DocumentStore['messageKeys'] = (owner, sessionId, query) =>
    this.#ask(() => this.#messages.keys(owner, sessionId, query));

  messageOutlines: DocumentStore['messageOutlines'] = (owner, sessionId, query) =>
    this.#ask(() => this.#outlines.messages(owner, sessionId, query));

  toolParts: DocumentStore['toolParts'] = (owner, sessionId, callIds) =>
    this.#ask(() => this.#outlines.toolParts(owner, sessionId, callIds));

  messageSummaries: DocumentStore['messageSummaries'] = (owner, ids) =>
    this.#ask(() => this.#messages.summaries(owner, ids));

  wholeMessages: DocumentStore['wholeMessages'] = (owner, ids, maxBytes) =>
    this.#ask(() => this.#messages.whole(owner, ids, maxBytes));

  messagesWithMedia: DocumentStore['messagesWithMedia'] = (owner, sessionId, sha256) =>
    this.#ask(() => this.#messages.withMedia(owner, sessionId, sha256));

  excerpts: DocumentStore['excerpts'] = (owner, ids) => this.#ask(() => this.#messages.excerpts(owner, ids));

  stats: DocumentStore['stats'] = (reader) =>
    this.#ask(async () => {
      const { sessions } = this.#collections;
      const groupsOf = (which: object) => sessions.aggregate<StatsRow>(statsPipeline(which)).toArray();
      const [own, ownMessages, shared] = await Promise.all([
        groupsOf(ofOwner(reader)),
        this.#countMessages(reader),
        reader.sessions === 'visible' ? groupsOf(sharedWith(reader)) : [],
      ]);
      // A shared session knows its number of messages; no index knows which messages belong to such sessions.
      const sharedMessages = shared.reduce((sum, group) => sum + group.messages, 0);
      const groups = [...own, ...shared].map(({ _id, messages: _messages, ...totals }) => ({ ..._id, ...totals }));
      return statsOf(groups, ownMessages + sharedMessages);
    });

  dueFigures: DocumentStore['dueFigures'] = (...args) => this.#ask(() => this.#figures.dueFigures(...args));
  hasDueFigures: DocumentStore['hasDueFigures'] = (...args) => this.#ask(() => this.#figures.hasDueFigures(...args));
  sessionUsage: DocumentStore['sessionUsage'] = (...args) => this.#ask(() => this.#figures.sessionUsage(...args));
  contributions: DocumentStore['contributions'] = (...args) => this.#ask(() => this.#figures.contributions(...args));
  sessionTotals: DocumentStore['sessionTotals'] = (...args) => this.#ask(() => this.#figures.sessionTotals(...args));
  saveContributions: DocumentStore['saveContributions'] = (...args) =>
    this.#ask(() => this.#figures.saveContributions(...args));
  settleContributions: DocumentStore['settleContributions'] = (...args) =>
    this.#ask(() => this.#figures.settleContributions(...args));
  figureRevisions: DocumentStore['figureRevisions'] = (...args) =>
    this.#ask(() => this.#figures.figureRevisions(...args));
  figureParts: DocumentStore['figureParts'] = (...args) => this.#ask(() => this.#figures.figureParts(...args));
  saveFigures: DocumentStore['saveFigures'] = (...args) => this.#ask(() => this.#figures.saveFigures(...args));
  figures: DocumentStore['figures'] = (...args) => this.#ask(() => this.#figures.figures(...args));
  figureMembers: DocumentStore['figureMembers'] = (...args) => this.#ask(() => this.#figures.figureMembers(...args));
  figureRating: DocumentStore['figureRating'] = (...args) => this.#ask(() => this.#figures.figureRating(...args));
  rateAgain: DocumentStore['rateAgain'] = (...args) => this.#ask(() => this.#figures.rateAgain(...args));

  describe({ exact = false } = {}): Promise<StoreDescription> {
    return this.#ask(async () => {
      const { sessions, messages, gone } = this.#collections;
      const counts = await Promise.all(
        [sessions, messages].map((all) => (exact ? all.countDocuments({}, COUNT_ALL) : all.estimatedDocumentCount())),
      );
      const goneCount = await gone.countDocuments({ gone: true });
      return {
        engine: this.#connection.engine,
        location: this.#connection.location,
        counts: { sessions: Math.max(0, counts[0]! - goneCount), messages: counts[1]! },
        problems: await indexProblems(this.#collections),
      };
    });
  }

  position(): Promise<StorePosition | undefined> {
    return this.#ask(() => this.#position.position());
  }

  setPosition(...change: Parameters<Positioned['setPosition']>): Promise<boolean> {
    return this.#ask(() => this.#position.setPosition(...change));
  }

  reach(): Promise<number> {
    return this.#ask(() => this.#position.reach());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection.client.close();
  }

  /** The messages of an owner, without those of sessions in the trash, which are stored, too. */
  async #countMessages(owner: Owner): Promise<number> {
    const { gone, messages } = this.#collections;
    const trashed = gone.find({ ...goneQuery(owner, ''), 'trash.at': { $gte: 0 } });
    const ids = (await trashed.project<{ id: string }>({ id: 1 }).toArray()).map(({ id }) => id);
    const all = await messages.countDocuments(ofOwner(owner));
    if (ids.length === 0) return all;
    return all - (await messages.countDocuments({ ...ofOwner(owner), sessionId: { $in: ids } }));
  }

  async #loadSessions(owner: Owner, ids: readonly string[]): Promise<Revised<SessionState>[]> {
    if (ids.length === 0) return [];
    const found = await this.#collections.sessions.find(byKeys(owner, ids)).toArray();
    return found.map((document) => ({ ...sessionState(owner, document), revision: document.revision }));
  }

  async #loadRollups(owner: Owner, ids: readonly string[]): Promise<LoadedDocuments['rollups']> {
    if (ids.length === 0) return new Map();
    const pipeline = rollupsPipeline(owner, ids);
    // One group per provider response: for very long sessions more than the server keeps in memory.
    const { messages, parts } = this.#collections;
    const [rows, failed] = await Promise.all([
      messages.aggregate<GroupedRollup>(pipeline, { allowDiskUse: true }).toArray(),
      parts.aggregate<{ readonly _id: string }>(failedPipeline(owner, ids)).toArray(),
    ]);
    const counted = new Map(rows.map(({ _id, ...rollup }) => [_id, rollupOfRow(unplaced(rollup))]));
    const withErrors = new Set(failed.map(({ _id }) => _id));
    const rollupFor = (id: string): SessionRollup => ({
      ...(counted.get(id) ?? EMPTY_ROLLUP),
      ...(withErrors.has(id) && { hasErrors: true }),
    });
    return new Map(ids.map((id) => [id, rollupFor(id)]));
  }

  /** Vendor errors end here. */
  async #ask<T>(operation: () => Promise<T>): Promise<T> {
    // A client that is used after closing would silently reconnect.
    if (this.#closed) throw new StoreUnavailableError('documents');
    try {
      return await operation();
    } catch (error) {
      throw toStoreError(error);
    }
  }
}
