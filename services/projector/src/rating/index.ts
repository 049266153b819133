export { openPriceTable, type PriceTable } from './price-table.ts';
export { readOverrides, type Overrides } from './overrides.ts';
export { rate, type Usage } from './rate.ts';
