// The adapters of stores on servers. A separate entry point, so that embedded installations need not load their
// clients.
export { dropMongoGeneration, openMongoDocuments, type MongoDocumentsOptions } from './documents/mongodb/store.ts';
export { openElasticsearchSearch, type ElasticsearchOptions } from './search/elasticsearch/store.ts';
export { openQdrantVectors, type QdrantVectors } from './vectors/qdrant/store.ts';
