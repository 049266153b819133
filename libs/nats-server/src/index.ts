export { ensureNatsServer, NatsServerError, type EnsureOptions, type ProgramSource } from './ensure.ts';
export { startNatsServer, type NatsServerHandle, type StartOptions } from './supervisor.ts';
export { MAX_PAYLOAD_BYTES, type SyncMode } from './configuration.ts';
export { MINIMUM_VERSION, RELEASE_VERSION } from './release.ts';
export { isAtLeast } from './version.ts';
export type { LogDisk } from './disk-watch.ts';
