export { ensureNatsServer, NatsServerError, type EnsureOptions, type ProgramSource } from './ensure.ts';
export { startNatsServer, type NatsServerHandle, type StartOptions } from './supervisor.ts';
export { MAX_PAYLOAD_BYTES, type SyncMode } from './configuration.ts';
