export { FACETS, MESSAGE_FACETS, type FacetName, type ListFilter, type SessionFilter } from './filters.ts';
export { label, labelsText, WITH_ERRORS } from './labels.ts';
export { sessionLabels } from './session-labels.ts';
export { sessionMatches } from './session-matches.ts';
export type { SessionHeading } from './heading.ts';
export type * from './documents/port.ts';
export type * from './documents/figures-port.ts';
export { rangesOf, readFigures, scopesOf, type Quarters } from './documents/read-figures.ts';
export type * from './search/port.ts';
export type * from './vectors/port.ts';
export * from './description.ts';
export { awaitedUntil } from './overdue.ts';
export { monotonicMs } from './monotonic.ts';
export { samePosition, type Positioned, type Reaching, type StorePosition } from './position/port.ts';
export type { RefusedDocument } from './refusals.ts';
export { openSqliteDocuments } from './documents/sqlite/store.ts';
export { openSqliteSearch } from './search/fts5/store.ts';
export { fullText, searchedFullText, type FullTextAnswer } from './search/full-text.ts';
export { LONGEST_QUERY, parseQuery, type ParsedQuery, type QueryTerm } from './search/query.ts';
export { allOccur, type Respelled } from './search/respelling.ts';
export { sessionsWithAny } from './search/sessions-with-any.ts';
export { excerptOf, markedHtml, type Excerpt, type TextRange } from './search/snippet.ts';
export { indexText, type IndexText } from './search/index-text.ts';
export { openSqliteVectors, type SqliteVectors } from './vectors/sqlite-vec/store.ts';
export { chunksToEmbed, chunkText, isOfChunk, MOST_CHUNKS, passageOf, type Passage } from './vectors/chunks.ts';
export { matchExpression, negatedExpression } from './search/fts5/match.ts';
export type { GenerationSource } from './life/source.ts';
export { Generations, generationsNow, openGenerations } from './life/generations.ts';
export { onLiveGenerations } from './life/live-batches.ts';
export { IndexLife, type OnWait } from './life/index-life.ts';
export { LeaseLostError } from './life/transitions.ts';
export { type Checkpoint, type Confirmed, type GenerationRecord } from './life/records.ts';
export { compareWithLog, conditionLine, type StoreCondition, type StoreFacts } from './life/condition.ts';
export { confirmedPosition, confirmPosition } from './life/confirmed.ts';
export { hadFormerGap } from './life/former.ts';
export { confirmModel, isOfModel, mustTakeOver, takeOverModel } from './life/model.ts';
export { lacksDocuments } from './life/partial.ts';
export { recordNow } from './life/record-entry.ts';
export {
  dropGeneration,
  embeddedStores,
  openGeneration,
  openStores,
  usesDataFolder,
  type OpenStoresContext,
} from './open-stores.ts';
export { storeProblem } from './problems.ts';
export { STORE_SETTINGS, STORE_URL, type StoreSettings, type Stores } from './adapters.ts';
export { describeStores, storeStates, type StoreReport } from './reports.ts';
