export { continueErasure, eraseMe, hasOpenErasures, type ErasureResources } from './erase-person.ts';
export { ErasureBook, isComplete, type Erasure, type Found } from './records.ts';
