export { Disposal } from './disposal.ts';
export { EXIT_CUT_OFF, listenForShutdown, type ShutdownSignals } from './shutdown.ts';
export { runService, type Service, type ServiceContext } from './run-service.ts';
