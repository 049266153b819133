export { freePort } from './free-port.ts';
export { ending, environment, spawnGuarded, type GuardedProcess } from './guarded.ts';
export { returnMemory } from './returned-memory.ts';
export { shareLookups } from './shared-lookups.ts';
export { supervise, type Exit, type Supervised } from './supervise.ts';
