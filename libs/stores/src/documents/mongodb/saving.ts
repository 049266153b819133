import { isReplacedPart, isTextHead, type Owner } from '@opensync/contracts';
import { MongoBulkWriteError, type AnyBulkWriteOperation, type Collection, type FindCursor } from 'mongodb';
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
 * Inserts those of revision 1 and updates the others where the stored revision is the one before.
 * Returns the ids of those that lost the race. One that won and was overtaken before this could see it may be among them:
 * who folds it again finds nothing to change.
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
      : 'deletion' in document || replaced?.has(document.id)
        ? // What a deletion has removed must not stay: fields that are not set are not unset either.
          { replaceOne: { filter: { _id: document._id, revision: document.revision - 1 }, replacement: document } }
        : {
            updateOne: {
              filter: { _id: document._id, revision: document.revision - 1 },
              update: {
                $set: changesOf(document as SessionDocument | MessageDocument),
                // Those that this version knows are among the others now.
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

/** What a document says, field by field: a text of which only the head is known stays as it is. No field of it is ever unset. */
function changesOf({ _id, fields, ...document }: SessionDocument | MessageDocument): Record<string, unknown> {
  const { text, ...others } = fields as MessageDocument['fields'];
  const known = isTextHead(text) ? others : fields;
  return {
    ...document,
    ...Object.fromEntries(Object.entries(known).map(([name, value]) => [`fields.${name}`, value])),
  };
}

/** The reply counts what was replaced and does not say which; the documents do. */
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

/**
 * Retires the parts of these messages that are replaced. The messages are read after the parts that came with them were
 * written, as in every save: of two that race, the later one sees what the other has written.
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

/** What a part that is retired no longer has. */
const BODIES = { content: 1, contentRef: 1, extra: 1, extraRef: 1, media: 1, unknown: 1 } as const;

const IDS_PER_REQUEST = 1000;

/** As DocumentStore.removeBefore. Parts first: they are found by their messages. */
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
