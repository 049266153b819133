// What operators' commands need of this service: without the service itself, so that a command begins in half the time.
export { requestStoreReports } from './status/store-reports.ts';
export { lacksDocumentsIn } from './operator/lacks-documents.ts';
export { bodyOfLetter, replayLetters, type Replayed } from './operator/letters.ts';
