import { ownerSubjects, type Owner } from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { replay, streamEnds, type StoredDelivery } from './replay.ts';

/**
 * All events of an owner after a sequence, in order, up to the current end of the log.
 * @throws AppError UNAVAILABLE if the log does not answer at the beginning
 */
export async function* historyOf(
  nc: LogConnection,
  owner: Owner,
  after: number,
): AsyncGenerator<readonly StoredDelivery[]> {
  const { last } = await streamEnds(nc);
  yield* replay(nc, { from: after + 1, to: last, subject: ownerSubjects(owner) });
}
