export { Disposal } from './disposal.ts';
export { listenForShutdown, type ShutdownSignals } from './shutdown.ts';
export { runService, type Service, type ServiceContext } from './run-service.ts';
