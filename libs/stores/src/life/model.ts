import { CONSUMER, consumerFacts, type ConsumerFacts, type LogConnection } from '@opensync/event-log';
import { AppError, vectorSpaceOf, type VectorModel } from '@opensync/platform';
import { nuid } from '@nats-io/transport-node';
import { formerModel, setFormerModel } from './former.ts';
import { RecordEntry, recordNow } from './record-entry.ts';
import type { GenerationRecord } from './records.ts';
import { takeOver } from './transitions.ts';

const nameOf = (model: VectorModel): string => `${vectorSpaceOf(model)}/${model.dimensions}`;

/**
 * Records that the vectors use this model from now on. If it is a different one, all documents are announced again.
 * If no model is known and documents were already projected, nobody knows whether the index uses this one.
 * @throws AppError UNAVAILABLE
 */
export async function takeOverModel(nc: LogConnection, model: VectorModel): Promise<void> {
  const entry = await RecordEntry.open(nc, 'vectors');
  const facts = await consumerFacts(nc, CONSUMER.vectors);
  const before = formerModel(facts);
  const mayLack = (await consumerFacts(nc, CONSUMER.documents)).wasFed;
  const token = nuid.next();
  await entry.change((record) => {
    // A projector of an earlier version has taken over since: what it acknowledged is missing in the index of this
    // model. If nothing was announced yet, this one may have been interrupted before it informed projectors of
    // earlier versions.
    const isInterrupted = record.fill !== undefined && record.fill.announced === undefined;
    const isTaken = record.model === nameOf(model) && before !== undefined && before !== record.model && !isInterrupted;
    const known = isTaken && record.fill?.token !== token ? { ...record, model: before } : record;
    return takeOver(known, nameOf(model), { before, mayLack, token });
  });
  await setFormerModel(nc, nameOf(model));
}

/**
 * Whether the model must be recorded again: the record was lost, or a projector of an earlier version has taken over.
 */
export function mustTakeOver(record: GenerationRecord, facts: ConsumerFacts, own: VectorModel): boolean {
  if (record.model === undefined) return true;
  const former = formerModel(facts);
  return record.model === nameOf(own) && former !== undefined && former !== record.model;
}

/** Whether the vectors use this model, or no known model. */
export function isOfModel({ model }: Pick<GenerationRecord, 'model'>, own: VectorModel): boolean {
  return model === undefined || model === nameOf(own);
}

/**
 * @throws AppError UNAVAILABLE if the vectors are not known to use this model: then nothing may be acknowledged. In a
 * rollout, a projector of the old model would take changes away from one of the new model.
 */
export function assertModel(record: Pick<GenerationRecord, 'model'>, own: VectorModel): void {
  if (record.model === nameOf(own)) return;
  if (record.model === undefined) {
    throw new AppError('UNAVAILABLE', 'The log has lost the record of the embedding model.');
  }
  throw new AppError(
    'UNAVAILABLE',
    `The vectors now use the embedding model ${record.model}, not ${nameOf(own)}: set the same model here, or restart the projector with this one`,
  );
}

/** @throws AppError UNAVAILABLE if the vectors use another model */
export async function confirmModel(nc: LogConnection, own: VectorModel): Promise<void> {
  const record = await recordNow(nc, 'vectors');
  if (record && record.model !== undefined) assertModel(record, own);
}
