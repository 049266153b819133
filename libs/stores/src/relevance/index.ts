export {
  loadCorpus,
  loadNonsense,
  loadQueries,
  QUERY_KINDS,
  type CorpusSession,
  type RelevanceQuery,
  type SearchType,
} from './corpus.ts';
export { ndcg, recall, tableOfKinds, type Measured } from './evaluate.ts';
export { growCorpus, type GrownQuery } from './grown.ts';
export { fullTextRanking, OWNER, storeVectors, type Embed, type Ranking } from './rankings.ts';
export { relevanceSuite, type Floors } from './suite.ts';
export { storeDocuments } from './documents.ts';
export { openStoredVectors, type StoredVectors } from './stored-vectors.ts';
