/** Each names up to 500 documents. Few, so that what is done of a backlog is acknowledged and shared among replicas. */
export const CHANGES_PER_BATCH = 16;
