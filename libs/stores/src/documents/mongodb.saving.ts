import { MongoBulkWriteError, type AnyBulkWriteOperation, type Collection } from 'mongodb';
import type { MessageDocument, PartDocument, SessionDocument } from './mongodb.collections.ts';
import { DUPLICATE_KEY } from './mongodb.errors.ts';

/**
 * Inserts those of revision 1 and replaces the others where the stored revision is the one before.
 * Returns the ids of those that lost the race. One that won and was overtaken before this could see it may be among them:
 * who folds it again finds nothing to change.
 */
export async function saveRevised<Stored extends SessionDocument | MessageDocument>(
  collection: Collection<Stored>,
  documents: readonly Stored[],
): Promise<string[]> {
  if (documents.length === 0) return [];
  const operations = documents.map((document) =>
    document.revision === 1
      ? { insertOne: { document } }
      : {
          replaceOne: {
            filter: { _id: document._id, revision: document.revision - 1 },
            replacement: document,
          },
        },
  ) as AnyBulkWriteOperation<Stored>[];
  const { matched, duplicates } = await bulkWrite(collection, operations);
  const replaced = documents.filter(({ revision }) => revision > 1);
  const won = matched < replaced.length ? await writtenBy(collection, replaced) : undefined;
  return documents
    .filter(({ _id, revision }, at) => (revision === 1 ? duplicates.has(at) : won && !won.has(_id)))
    .map(({ id }) => id);
}

/** The reply counts what was replaced and does not say which; the documents do. */
async function writtenBy<Stored extends SessionDocument | MessageDocument>(
  collection: Collection<Stored>,
  documents: readonly Stored[],
): Promise<ReadonlySet<string>> {
  const keys = documents.map(({ _id }) => _id);
  const { savedBy } = documents[0]!;
  const stored = (collection as unknown as Collection<SessionDocument>).find({ _id: { $in: keys } });
  const found = await stored.project<Pick<SessionDocument, '_id' | 'savedBy'>>({ savedBy: 1 }).toArray();
  return new Set(found.filter((document) => savedBy.equals(document.savedBy)).map(({ _id }) => _id));
}

/**
 * Saves each part where it supersedes what is stored. Most are new, and inserting is the cheapest write; those that are
 * there already are replaced under a guard. Never an upsert: of two that insert at once one fails, perhaps the newer.
 */
export async function saveParts(collection: Collection<PartDocument>, parts: readonly PartDocument[]): Promise<void> {
  if (parts.length === 0) return;
  const { duplicates } = await bulkWrite(
    collection,
    parts.map((document) => ({ insertOne: { document } })),
  );
  const present = parts.filter((_, at) => duplicates.has(at));
  if (present.length === 0) return;
  await bulkWrite(
    collection,
    present.map((part) => ({ replaceOne: { filter: supersededBy(part), replacement: part } })),
  );
}

/** The stored state of a part that this one replaces: a lower sequence, or the same and not retired as this is. */
function supersededBy({ _id, sequence, retired }: PartDocument) {
  const older = { sequence: { $lt: sequence } };
  return retired ? { _id, $or: [older, { sequence, retired: { $ne: true as const } }] } : { _id, ...older };
}

/** How many replacements matched, and the operations whose key was taken. The order of the operations does not count. */
async function bulkWrite<Stored extends { _id: string }>(
  collection: Collection<Stored>,
  operations: readonly AnyBulkWriteOperation<Stored>[],
): Promise<{ matched: number; duplicates: ReadonlySet<number> }> {
  try {
    const { matchedCount } = await collection.bulkWrite(operations, { ordered: false });
    return { matched: matchedCount, duplicates: new Set() };
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const failures = error.result.getWriteErrors();
    const onlyDuplicates = failures.length > 0 && failures.every(({ code }) => code === DUPLICATE_KEY);
    // What is written but not yet on a majority does not count as saved.
    if (!onlyDuplicates || error.result.getWriteConcernError()) throw error;
    return { matched: error.matchedCount, duplicates: new Set(failures.map(({ index }) => index)) };
  }
}
