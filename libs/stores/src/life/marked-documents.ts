import { markedFigures } from './marked-figures.ts';
import type { DocumentStore, Revised, SavedDocuments } from '../documents/port.ts';

/**
 * The high bits of a revision identify the generation in which it is valid; 32 bits are left for the revision itself.
 */
const REVISIONS = 2 ** 32;

/**
 * The same documents with revisions that are valid only in this generation. A document that was loaded from another
 * one before a switch loses the race when it is saved after it, and is loaded and folded again; a plain revision
 * could match by chance. 0 stays 0: a document that is not stored is not stored in any generation.
 */
export function markedDocuments(store: DocumentStore, generation: number): DocumentStore {
  const mark = (generation - 1) * REVISIONS;
  const marked = (revision: number) => (revision === 0 ? 0 : mark + revision);
  const withMark = <Document extends { readonly revision: number }>(found: ReadonlyMap<string, Document>) =>
    new Map([...found].map(([id, document]) => [id, { ...document, revision: marked(document.revision) }]));
  const isOurs = ({ revision }: { revision: number }) => revision === 0 || revision - (revision % REVISIONS) === mark;
  const unmarked = <State>(states: readonly Revised<State>[]) =>
    states.filter(isOurs).map((state) => ({ ...state, revision: state.revision % REVISIONS }));
  /** The reach that this process has recorded; the store may have a higher one. */
  let reached = 0;
  return {
    async load(owner, ids) {
      const { sessions, gone, messages, rollups } = await store.load(owner, ids);
      return { sessions: withMark(sessions), gone: withMark(gone), messages: withMark(messages), rollups };
    },
    async save({ sessions, messages, ...rest }) {
      const foreign = [...sessions, ...messages].filter((document) => !isOurs(document)).map(({ id }) => id);
      const saved = { sessions: unmarked(sessions), messages: unmarked(messages), ...rest };
      const reach = reachOf(saved);
      const lost = await store.save(reach > reached ? { ...saved, reach } : saved);
      reached = Math.max(reached, reach);
      return [...foreign, ...lost];
    },
    removeBefore: (owner, sessionId, sequence, removal) => store.removeBefore(owner, sessionId, sequence, removal),
    hasBefore: (owner, sessionId, sequence) => store.hasBefore(owner, sessionId, sequence),
    goneSessions: (owner, query) => store.goneSessions(owner, query),
    trashed: (query) => store.trashed(query),
    published: (hash) => store.published(hash),
    sessionsById: (reader, ids) => store.sessionsById(reader, ids),
    visibleIds: (reader, ids) => store.visibleIds(reader, ids),
    sessions: (reader, query) => store.sessions(reader, query),
    startedBy: (reader, parent, query) => store.startedBy(reader, parent, query),
    messageKeys: (owner, sessionId, query) => store.messageKeys(owner, sessionId, query),
    messageOutlines: (owner, sessionId, query) => store.messageOutlines(owner, sessionId, query),
    toolParts: (owner, sessionId, callIds) => store.toolParts(owner, sessionId, callIds),
    messageSummaries: (owner, ids) => store.messageSummaries(owner, ids),
    wholeMessages: (owner, ids, maxBytes) => store.wholeMessages(owner, ids, maxBytes),
    messagesWithMedia: (owner, sessionId, sha256) => store.messagesWithMedia(owner, sessionId, sha256),
    excerpts: (owner, ids) => store.excerpts(owner, ids),
    stats: (reader) => store.stats(reader),
    describe: (options) => store.describe(options),
    ...markedFigures(store, generation),
    position: () => store.position(),
    setPosition: (next, before) => store.setPosition(next, before),
    reach: () => store.reach(),
    close: () => store.close(),
  };
}

/** The latest event in these documents. */
function reachOf({ sessions, messages, parts }: SavedDocuments): number {
  let reach = 0;
  for (const { span } of sessions) reach = Math.max(reach, span.lastSequence);
  for (const { span } of messages) reach = Math.max(reach, span.lastSequence);
  for (const { sequence } of parts) reach = Math.max(reach, sequence);
  return reach;
}
