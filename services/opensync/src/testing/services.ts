import { fileURLToPath } from 'node:url';

export const SERVICES = ['ingest', 'projector', 'embedder', 'query', 'wrapped'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The built program of a service. */
export const mainOf = (name: ServiceName | 'keeper') =>
  fileURLToPath(new URL(`../../../../build/${name}.js`, import.meta.url));
