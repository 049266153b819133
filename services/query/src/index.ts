export { queryModule } from './query.module.ts';
export type { QueryResources } from './resources.ts';
export { fuseRanks, fuseSides } from './search/fusion.ts';
export { rankHits } from './search/rank-hits.ts';
export { askSides, type FoundBySides } from './search/sides.ts';
export { LOGIN_SETTINGS, openLogin, type OpenLogin } from './login/open-login.ts';
export { openQuery, QUERY_SETTINGS } from './open-query.ts';
export { partialIndexes } from './status/partial-indexes.ts';
export { getContext, type ContextResources } from './context/get-context.ts';
