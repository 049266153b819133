import type { Stores } from '../adapters.ts';
import type { StoreName } from '../description.ts';
import type { DocumentStore } from '../documents/port.ts';
import type { SearchStore } from '../search/port.ts';
import type { VectorStore } from '../vectors/port.ts';
import type { LiveStore } from './live-store.ts';

/** The ports of the live generations. Each operation says whether it reads or writes: see `LiveStore`. */
export const LIVE_PORT: { readonly [Name in StoreName]: (live: LiveStore<Stores[Name]>) => Stores[Name] } = {
  documents: (live) => new LiveDocuments(live),
  search: (live) => new LiveSearch(live),
  vectors: (live) => new LiveVectors(live),
};

class LiveDocuments implements DocumentStore {
  readonly #live: LiveStore<DocumentStore>;

  constructor(live: LiveStore<DocumentStore>) {
    this.#live = live;
  }

  load: DocumentStore['load'] = (...args) => this.#live.read('load', (store) => store.load(...args));
  save: DocumentStore['save'] = (...args) => this.#live.write('save', (store) => store.save(...args));
  removeBefore: DocumentStore['removeBefore'] = (...args) =>
    this.#live.write('removeBefore', (store) => store.removeBefore(...args));
  hasBefore: DocumentStore['hasBefore'] = (...args) =>
    this.#live.read('hasBefore', (store) => store.hasBefore(...args));
  goneSessions: DocumentStore['goneSessions'] = (...args) =>
    this.#live.read('goneSessions', (store) => store.goneSessions(...args));
  trashed: DocumentStore['trashed'] = (...args) => this.#live.read('trashed', (store) => store.trashed(...args));
  published: DocumentStore['published'] = (...args) =>
    this.#live.read('published', (store) => store.published(...args));
  sessionsById: DocumentStore['sessionsById'] = (...args) =>
    this.#live.read('sessionsById', (store) => store.sessionsById(...args));
  visibleIds: DocumentStore['visibleIds'] = (...args) =>
    this.#live.read('visibleIds', (store) => store.visibleIds(...args));
  sessions: DocumentStore['sessions'] = (...args) => this.#live.read('sessions', (store) => store.sessions(...args));
  startedBy: DocumentStore['startedBy'] = (...args) =>
    this.#live.read('startedBy', (store) => store.startedBy(...args));
  messageKeys: DocumentStore['messageKeys'] = (...args) =>
    this.#live.read('messageKeys', (store) => store.messageKeys(...args));
  messageOutlines: DocumentStore['messageOutlines'] = (...args) =>
    this.#live.read('messageOutlines', (store) => store.messageOutlines(...args));
  toolParts: DocumentStore['toolParts'] = (...args) =>
    this.#live.read('toolParts', (store) => store.toolParts(...args));
  messageSummaries: DocumentStore['messageSummaries'] = (...args) =>
    this.#live.read('messageSummaries', (store) => store.messageSummaries(...args));
  wholeMessages: DocumentStore['wholeMessages'] = (...args) =>
    this.#live.read('wholeMessages', (store) => store.wholeMessages(...args));
  messagesWithMedia: DocumentStore['messagesWithMedia'] = (...args) =>
    this.#live.read('messagesWithMedia', (store) => store.messagesWithMedia(...args));
  excerpts: DocumentStore['excerpts'] = (...args) => this.#live.read('excerpts', (store) => store.excerpts(...args));
  stats: DocumentStore['stats'] = (...args) => this.#live.read('stats', (store) => store.stats(...args));
  describe: DocumentStore['describe'] = (...args) => this.#live.read('describe', (store) => store.describe(...args));
  dueFigures: DocumentStore['dueFigures'] = (...args) =>
    this.#live.read('dueFigures', (store) => store.dueFigures(...args));
  hasDueFigures: DocumentStore['hasDueFigures'] = (...args) =>
    this.#live.read('hasDueFigures', (store) => store.hasDueFigures(...args));
  sessionUsage: DocumentStore['sessionUsage'] = (...args) =>
    this.#live.read('sessionUsage', (store) => store.sessionUsage(...args));
  contributions: DocumentStore['contributions'] = (...args) =>
    this.#live.read('contributions', (store) => store.contributions(...args));
  sessionTotals: DocumentStore['sessionTotals'] = (...args) =>
    this.#live.read('sessionTotals', (store) => store.sessionTotals(...args));
  figureRevisions: DocumentStore['figureRevisions'] = (...args) =>
    this.#live.read('figureRevisions', (store) => store.figureRevisions(...args));
  figureParts: DocumentStore['figureParts'] = (...args) =>
    this.#live.read('figureParts', (store) => store.figureParts(...args));
  figures: DocumentStore['figures'] = (...args) => this.#live.read('figures', (store) => store.figures(...args));
  figureMembers: DocumentStore['figureMembers'] = (...args) =>
    this.#live.read('figureMembers', (store) => store.figureMembers(...args));
  figureRating: DocumentStore['figureRating'] = (...args) =>
    this.#live.read('figureRating', (store) => store.figureRating(...args));
  saveContributions: DocumentStore['saveContributions'] = (...args) =>
    this.#live.write('saveContributions', (store) => store.saveContributions(...args));
  settleContributions: DocumentStore['settleContributions'] = (...args) =>
    this.#live.write('settleContributions', (store) => store.settleContributions(...args));
  saveFigures: DocumentStore['saveFigures'] = (...args) =>
    this.#live.write('saveFigures', (store) => store.saveFigures(...args));
  rateAgain: DocumentStore['rateAgain'] = (...args) =>
    this.#live.write('rateAgain', (store) => store.rateAgain(...args));
  position: DocumentStore['position'] = () => this.#live.read('position', (store) => store.position());
  setPosition: DocumentStore['setPosition'] = (...args) =>
    this.#live.write('setPosition', (store) => store.setPosition(...args));
  reach: DocumentStore['reach'] = () => this.#live.read('reach', (store) => store.reach());
  close: DocumentStore['close'] = () => this.#live.close();
}

class LiveSearch implements SearchStore {
  readonly #live: LiveStore<SearchStore>;

  constructor(live: LiveStore<SearchStore>) {
    this.#live = live;
  }

  index: SearchStore['index'] = (...args) => this.#live.write('index', (store) => store.index(...args));
  indexed: SearchStore['indexed'] = (...args) => this.#live.read('indexed', (store) => store.indexed(...args));
  search: SearchStore['search'] = (...args) => this.#live.read('search', (store) => store.search(...args));
  searchPartly: SearchStore['searchPartly'] = (...args) =>
    this.#live.read('searchPartly', (store) => store.searchPartly(...args));
  searchSession: SearchStore['searchSession'] = (...args) =>
    this.#live.read('searchSession', (store) => store.searchSession(...args));
  facets: SearchStore['facets'] = (...args) => this.#live.read('facets', (store) => store.facets(...args));
  counts: SearchStore['counts'] = (...args) => this.#live.read('counts', (store) => store.counts(...args));
  remove: SearchStore['remove'] = (...args) => this.#live.write('remove', (store) => store.remove(...args));
  hasBefore: SearchStore['hasBefore'] = (...args) => this.#live.read('hasBefore', (store) => store.hasBefore(...args));
  describe: SearchStore['describe'] = () => this.#live.read('describe', (store) => store.describe());
  position: SearchStore['position'] = () => this.#live.read('position', (store) => store.position());
  setPosition: SearchStore['setPosition'] = (...args) =>
    this.#live.write('setPosition', (store) => store.setPosition(...args));
  close: SearchStore['close'] = () => this.#live.close();
}

class LiveVectors implements VectorStore {
  readonly #live: LiveStore<VectorStore>;

  constructor(live: LiveStore<VectorStore>) {
    this.#live = live;
  }

  upsert: VectorStore['upsert'] = (...args) => this.#live.write('upsert', (store) => store.upsert(...args));
  indexed: VectorStore['indexed'] = (...args) => this.#live.read('indexed', (store) => store.indexed(...args));
  search: VectorStore['search'] = (...args) => this.#live.read('search', (store) => store.search(...args));
  remove: VectorStore['remove'] = (...args) => this.#live.write('remove', (store) => store.remove(...args));
  hasBefore: VectorStore['hasBefore'] = (...args) => this.#live.read('hasBefore', (store) => store.hasBefore(...args));
  describe: VectorStore['describe'] = () => this.#live.read('describe', (store) => store.describe());
  position: VectorStore['position'] = () => this.#live.read('position', (store) => store.position());
  setPosition: VectorStore['setPosition'] = (...args) =>
    this.#live.write('setPosition', (store) => store.setPosition(...args));
  close: VectorStore['close'] = () => this.#live.close();
}
