export { startTestNats, type TestNats, type TestNatsOptions } from './nats-server.ts';
export { describeWith, serverFor, stopServers, type StoreServer } from './store-servers.ts';
export { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
export { itWithDisk, smallDisk, type SmallDisk } from './small-disk.ts';
export { waitFor } from './wait-for.ts';
export * from './builders.ts';
