export { DocumentsProjection } from './documents/documents-projection.ts';
export { projectorModule } from './projector.module.ts';
export type { ProjectorResources } from './resources.ts';
export { UnusableStores } from './recovery/unusable-stores.ts';
export { openProjector, PROJECTOR_SETTINGS, storesOf, type Projector } from './open-projector.ts';
export type { RebuildProgress } from './rebuild/candidate.ts';
export {
  dropKept,
  rebuild,
  RebuildRefusedError,
  type RebuildOptions,
  type RebuildReport,
  type RebuildResources,
} from './rebuild/rebuild.ts';
export { FiguresProjection } from './figures/index.ts';
export { openPriceTable, readOverrides, type PriceTable } from './rating/index.ts';
export { rehearse, type RehearsalReport } from './rehearsal/rehearse.ts';
