/** What is built from the event log: each is a consumer of its own, a store, and an index that can be built again. */
export const PROJECTIONS = ['documents', 'search', 'vectors'] as const;
export type Projection = (typeof PROJECTIONS)[number];
