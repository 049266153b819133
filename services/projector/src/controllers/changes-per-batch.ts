/**
 * Each names up to 500 documents. Small, so that finished work of a backlog is acknowledged and shared among
 * replicas.
 */
export const CHANGES_PER_BATCH = 16;
