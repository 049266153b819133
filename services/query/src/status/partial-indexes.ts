import { CONSUMER, type LogConnection } from '@opensync/event-log';
import type { VectorModel } from '@opensync/platform';
import { isOfModel, lacksDocuments, type Generations } from '@opensync/stores';
import type { IndexName } from '../resources.ts';

/**
 * The indexes that are missing documents: all are announced again, or no projector has noticed yet that changes were
 * missed because the consumer was recreated. For a process with another embedding model than the projector, the
 * vectors are at best those of later documents.
 */
export function partialIndexes(
  nc: LogConnection,
  generations: Pick<Generations, 'record'>,
  model: VectorModel,
): IndexName[] {
  return (['search', 'vectors'] as const).filter((name) => {
    const record = generations.record(name);
    const created = nc.topology?.consumer(CONSUMER[name])?.created;
    return lacksDocuments(record, created) || (name === 'vectors' && !isOfModel(record, model));
  });
}
