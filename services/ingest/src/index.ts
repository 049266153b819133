export { ingestModule, type IngestResources } from './ingest.module.ts';
export { INGEST_SETTINGS, openIngest } from './open-ingest.ts';
