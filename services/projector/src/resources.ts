import type { DocumentStore, SearchStore } from '@opensync/stores';
import type { DocumentsProjectionResources } from './documents/documents-projection.ts';
import type { TextReader } from '@opensync/event-log/payloads';
import type { VectorIndexResources } from './indexing/vector-index.ts';

/** What the projector works with. Also the token under which Nest injects it. It closes none of it: the process that opened it does. */
export abstract class ProjectorResources {
  /** Written by one projection, read by the others. */
  abstract readonly documents: DocumentStore;
  abstract readonly payloads: TextReader;
  /** The projections that run here, each with what it alone needs; an absent one is for other processes. */
  abstract readonly roles: {
    readonly documents?: Omit<DocumentsProjectionResources, 'documents'>;
    readonly search?: { readonly search: SearchStore };
    readonly vectors?: Omit<VectorIndexResources, 'payloads'>;
  };
}
