export { openWrapped, WRAPPED_SETTINGS } from './open-wrapped.ts';
export { makeSummaries, type SummaryResources } from './make-summaries.ts';
