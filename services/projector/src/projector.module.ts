import type { DynamicModule } from '@nestjs/common';
import { DocumentsController } from './controllers/documents.controller.ts';
import { SearchController } from './controllers/search.controller.ts';
import { VectorsController } from './controllers/vectors.controller.ts';
import { ProjectorResources } from './resources.ts';

class ProjectorModule {}

/** The projections as handlers of their consumers' batches. Needs JetStreamStrategy as transport. */
export function projectorModule(resources: ProjectorResources): DynamicModule {
  const { documents, search, vectors } = resources.roles;
  return {
    module: ProjectorModule,
    // A process without a controller for a consumer takes no messages from processes that have one.
    controllers: [
      ...(documents ? [DocumentsController] : []),
      ...(search ? [SearchController] : []),
      ...(vectors ? [VectorsController] : []),
    ],
    providers: [{ provide: ProjectorResources, useValue: resources }],
  };
}
