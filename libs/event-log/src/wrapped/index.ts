export {
  SummaryLedger,
  type Delivery,
  type DeliveryMeans,
  type Kept,
  type StoredSummary,
  type SummaryRecord,
} from './ledger.ts';
export {
  PreferenceBook,
  PreferenceDirectory,
  SUMMARY_EDITIONS,
  type Preferences,
  type Summarized,
} from './preferences.ts';
export { StoredPictures } from './stored-pictures.ts';
export { isHttpUrl } from './webhook-url.ts';
