export * from './errors.ts';
export * from './config.ts';
export * from './health.ts';
export * from './logger.ts';
export { isEmail } from './setting-types.ts';
export { unknownSettings } from './unknown-settings.ts';
