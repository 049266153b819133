export { loadCorpus, loadQueries, type CorpusSession, type RelevanceQuery, type SearchType } from './corpus.ts';
export { ndcg, recall } from './evaluate.ts';
export {
  fullTextRanking,
  hybridRanking,
  OWNER,
  semanticRanking,
  withoutNegated,
  type Fuse,
  type Ranking,
} from './rankings.ts';
export { relevanceSuite, type Floors } from './suite.ts';
export { storeDocuments } from './documents.ts';
