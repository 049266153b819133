import { isReplacedPart, isTextHead, type Owner } from '@opensync/contracts';
import {
  MongoBulkWriteError,
  MongoServerError,
  type AnyBulkWriteOperation,
  type Collection,
  type Filter,
  type FindCursor,
  type OptionalUnlessRequiredId,
} from 'mongodb';
import type {
  Collections,
  GoneSessionDocument,
  MessageDocument,
  PartDocument,
  SessionDocument,
} from './collections.ts';
import { DUPLICATE_KEY } from './errors.ts';
import { byKeys, ofOwner, partsOfMessages } from './queries.ts';
import type { Removal } from '../port.ts';

/**
 * Inserts those of revision 1 and updates the others if the stored revision is the previous one. Returns the ids of
 * those that lost the race. A winner that was overtaken before this could see it may be included: folding it again
 * changes nothing.
 */
export async function saveRevised<Stored extends SessionDocument | GoneSessionDocument | MessageDocument>(
  collection: Collection<Stored>,
  documents: readonly Stored[],
  replaced?: ReadonlySet<string>,
): Promise<string[]> {
  if (documents.length === 0) return [];
  const operations = documents.map((document) =>
    document.revision === 1
      ? { insertOne: { document } }
      : isOtherForm(document) || replaced?.has(document.id)
        ? // What a deletion has removed must not stay: fields that are not set are not unset either.
          { replaceOne: { filter: { _id: document._id, revision: document.revision - 1 }, replacement: document } }
        : {
            updateOne: {
              filter: { _id: document._id, revision: document.revision - 1 },
              update: {
                $set: changesOf(document as SessionDocument | MessageDocument),
                // Fields that this version knows are now among the others.
                ...(!('unknown' in document) && { $unset: { unknown: 1 } }),
              },
            },
          },
  ) as AnyBulkWriteOperation<Stored>[];
  const { matched, duplicates } = await bulkWrite(collection, operations);
  const updated = documents.filter(({ revision }) => revision > 1);
  const won = matched < updated.length ? await writtenBy(collection, updated) : undefined;
  return documents
    .filter(({ _id, revision }, at) => (revision === 1 ? duplicates.has(at) : won && !won.has(_id)))
    .map(({ id }) => id);
}

/** Whether the document may replace one that has other fields: of a session that was deleted or in the trash, or is. */
function isOtherForm(document: SessionDocument | GoneSessionDocument | MessageDocument): boolean {
  if ('gone' in document || 'deletion' in document) return true;
  const { sequences } = document as Pick<SessionDocument, 'sequences'>;
  return sequences.trashedAt !== undefined;
}

/** A document's fields: a text of which only the head is known stays unchanged. No field is ever unset. */
function changesOf({ _id, fields, ...document }: SessionDocument | MessageDocument): Record<string, unknown> {
  const { text, ...others } = fields as MessageDocument['fields'];
  const known = isTextHead(text) ? others : fields;
  return {
    ...document,
    ...Object.fromEntries(Object.entries(known).map(([name, value]) => [`fields.${name}`, value])),
  };
}

/** The reply counts replaced documents but does not name them; the documents do. */
async function writtenBy<Stored extends SessionDocument | GoneSessionDocument | MessageDocument>(
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
 * Saves each part if it supersedes the stored one. Most are new, and inserting is the cheapest write; existing ones
 * are replaced under a guard. Never an upsert: if two insert at once, one fails, possibly the newer.
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

/**
 * Retires the replaced parts of these messages. The messages are read after their new parts were written, as in every
 * save: of two racing saves, the later one sees what the other has written.
 */
export async function settleParts(
  { messages, parts }: Collections,
  owner: Owner,
  messageIds: readonly string[],
): Promise<void> {
  const [heads, current] = await Promise.all([
    messages
      .find(byKeys(owner, messageIds))
      .project<Pick<MessageDocument, 'id' | 'sequences'>>({ id: 1, 'sequences.partCount': 1 })
      .toArray(),
    parts
      .find({ ...partsOfMessages(owner, messageIds), retired: { $ne: true } })
      .project<Pick<PartDocument, '_id' | 'messageId' | 'sequence'>>({ messageId: 1, sequence: 1 })
      .toArray(),
  ]);
  const byId = new Map(heads.map((head) => [head.id, head]));
  const replaced = current.filter((part) => isReplacedPart(byId.get(part.messageId), part));
  if (replaced.length === 0) return;
  await bulkWrite(
    parts,
    replaced.map(({ _id, sequence }) => ({
      updateOne: {
        filter: { _id, sequence },
        update: { $set: { retired: true as const }, $unset: BODIES },
      },
    })),
  );
}

/** Fields that a retired part loses. */
const BODIES = {
  content: 1,
  contentRef: 1,
  extra: 1,
  extraRef: 1,
  media: 1,
  unknown: 1,
  facts: 1,
  call: 1,
  failed: 1,
} as const;

const IDS_PER_REQUEST = 1000;

/** As DocumentStore.removeBefore. Parts first: they are found through their messages. */
export async function removeBefore(
  { messages, parts }: Collections,
  owner: Owner,
  { sessionId, sequence, messageIds, mixedIds }: Required<Removal> & { sessionId: string; sequence: number },
): Promise<readonly string[]> {
  const ofSession = { ...ofOwner(owner), sessionId };
  const earlier = { sequence: { $lt: sequence } };
  const stored = await messages.find(ofSession).project<{ id: string }>({ _id: 0, id: 1 }).toArray();
  const ids = [...new Set([...stored.map(({ id }) => id), ...messageIds])];
  for (let at = 0; at < ids.length; at += IDS_PER_REQUEST) {
    const ofMessages = partsOfMessages(owner, ids.slice(at, at + IDS_PER_REQUEST));
    await parts.deleteMany({ ...ofMessages, sessionId, ...earlier });
  }
  // The field has the first sequence of a message.
  await messages.deleteMany({ ...ofSession, ...earlier, 'span.lastSequence': { $lt: sequence } });
  if (mixedIds.length > 0) await messages.deleteMany({ ...ofSession, ...earlier, id: { $in: [...mixedIds] } });
  const mixed = await messages
    .find({ ...ofSession, ...earlier })
    .project<{ id: string }>({ _id: 0, id: 1 })
    .toArray();
  return mixed.map(({ id }) => id);
}

/** As DocumentStore.hasBefore. */
export async function hasBefore(
  { messages, parts }: Collections,
  owner: Owner,
  { sessionId, sequence }: { readonly sessionId: string; readonly sequence: number },
): Promise<boolean> {
  const ofSession = { ...ofOwner(owner), sessionId };
  const earlier = { sequence: { $lt: sequence } };
  const only = { projection: { _id: 1 } };
  if (await messages.findOne({ ...ofSession, ...earlier }, only)) return true;
  const stored = messages.find(ofSession).project<{ id: string }>({ _id: 0, id: 1 }).batchSize(IDS_PER_REQUEST);
  for (let ids = await nextIds(stored); ids.length > 0; ids = await nextIds(stored)) {
    if (await parts.findOne({ ...partsOfMessages(owner, ids), sessionId, ...earlier }, only)) {
      await stored.close();
      return true;
    }
  }
  return false;
}

async function nextIds(stored: FindCursor<{ id: string }>): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < IDS_PER_REQUEST && (await stored.hasNext())) ids.push((await stored.next())!.id);
  return ids;
}

/**
 * The stored state of a part that this one replaces: a lower sequence, or the same and not retired while this one is.
 */
function supersededBy({ _id, sequence, retired }: PartDocument) {
  const older = { sequence: { $lt: sequence } };
  return retired ? { _id, $or: [older, { sequence, retired: { $ne: true as const } }] } : { _id, ...older };
}

/**
 * The number of matching replacements, and the operations whose key was taken. The order of the operations does not
 * matter.
 */
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
    // A write without a majority does not count as saved.
    if (!onlyDuplicates || error.result.getWriteConcernError()) throw error;
    return { matched: error.matchedCount, duplicates: new Set(failures.map(({ index }) => index)) };
  }
}

/**
 * Inserts those of revision 1 and replaces the others if the stored revision is the previous one. Returns the indexes of
 * those that lost. Unlike the documents of {@link saveRevised}, few are saved at once, and each needs its own answer.
 */
export async function savedIfUnchanged<Stored extends { readonly _id: string; readonly revision: number }>(
  collection: Collection<Stored>,
  documents: readonly Stored[],
): Promise<readonly number[]> {
  const lost = await Promise.all(
    documents.map(async (document, at): Promise<number[]> => {
      const { _id, revision } = document;
      const previous = { _id, revision: revision - 1 } as unknown as Filter<Stored>;
      const isSaved =
        revision === 1
          ? await inserted(collection, document)
          : (await collection.replaceOne(previous, document as never)).matchedCount === 1;
      return isSaved ? [] : [at];
    }),
  );
  return lost.flat();
}

async function inserted<Stored extends { readonly _id: string }>(
  collection: Collection<Stored>,
  document: Stored,
): Promise<boolean> {
  try {
    await collection.insertOne(document as OptionalUnlessRequiredId<Stored>);
    return true;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return false;
    throw error;
  }
}
