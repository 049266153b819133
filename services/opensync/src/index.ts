export { startSystem, type RunningSystem, type StartContext } from './system/app.ts';
