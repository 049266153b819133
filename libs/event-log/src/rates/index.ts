export { exchangeRates, type SharedCounts } from './exchange-rates.ts';
export { openDailyUse, storedUse } from './keep-use.ts';
