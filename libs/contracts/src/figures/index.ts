export * from './amounts.ts';
export * from './figures.ts';
export * from './periods.ts';
