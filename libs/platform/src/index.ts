export * from './errors.ts';
export { ByteBudget, type ByteBudgetOptions } from './byte-budget.ts';
export * from './config.ts';
export { makeDataFolder } from './data-folder.ts';
export * from './health.ts';
export * from './logger.ts';
export { parseNatsServers, type NatsServer } from './nats-servers.ts';
export { isEmail } from './setting-types.ts';
export { unknownSettings } from './unknown-settings.ts';
