import type { Owner } from '@opensync/contracts';
import type { AnyBulkWriteOperation } from 'mongodb';
import { WITH_ERRORS } from '../../labels.ts';
import { FAILED, indexesOf, INDEXES, type Collections, type SessionDocument } from './collections.ts';
import { keyOf } from './rows.ts';

const SESSIONS_AT_ONCE = 500;
const INDEX = INDEXES.parts.find(({ partialFilterExpression }) => partialFilterExpression === FAILED)!;

/** Marks parts of earlier versions that say that a tool failed, and their sessions. Once: before there is an index of such parts. */
export async function markErrors({ parts, sessions }: Collections): Promise<void> {
  const present = await indexesOf(parts);
  // A new collection has none at all.
  if (present.length === 0 || present.some(({ name }) => name === INDEX.name)) return;
  // JSON as this product writes it: no value can contain this text.
  await parts.updateMany({ facts: /"isError":true/ }, { $set: FAILED });
  const failed = parts.aggregate<{ readonly _id: Owner & { readonly sessionId: string } }>(
    [
      { $match: FAILED },
      { $group: { _id: { workspaceId: '$workspaceId', userId: '$userId', sessionId: '$sessionId' } } },
    ],
    { allowDiskUse: true },
  );
  let updates: AnyBulkWriteOperation<SessionDocument>[] = [];
  const write = async () => {
    if (updates.length > 0) await sessions.bulkWrite(updates, { ordered: false });
    updates = [];
  };
  for await (const { _id: of } of failed) {
    const _id = keyOf(of, of.sessionId);
    updates.push(
      { updateOne: { filter: { _id, rollup: { $exists: true } }, update: { $set: { 'rollup.hasErrors': true } } } },
      // Without labels, filters look at the rollup.
      { updateOne: { filter: { _id, labels: { $exists: true } }, update: { $addToSet: { labels: WITH_ERRORS } } } },
    );
    if (updates.length >= SESSIONS_AT_ONCE) await write();
  }
  await write();
}
