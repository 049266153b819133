export * from './amounts-json.ts';
export * from './amounts.ts';
export * from './figures.ts';
export * from './periods.ts';
export * from './time-zone.ts';
