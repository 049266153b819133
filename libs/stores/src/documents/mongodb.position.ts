import { MongoServerError, type Collection, type Db } from 'mongodb';
import { positionText, type Positioned, type StorePosition } from '../position/port.ts';

interface PositionDocument {
  readonly _id: 'position';
  /** As {@link positionText}: compared as a whole. */
  readonly position: string;
}

const DUPLICATE_KEY = 11000;

/** A collection of its own, so that nobody counts or lists the position among the documents. */
export function positionCollection(database: Db, prefix: string): Collection<PositionDocument> {
  return database.collection(`${prefix}position`);
}

/** @throws what the driver throws */
export function mongoPosition(collection: Collection<PositionDocument>): Positioned {
  return {
    async position() {
      const found = await collection.findOne({ _id: 'position' });
      return found ? (JSON.parse(found.position) as StorePosition) : undefined;
    },

    async setPosition(next, before) {
      if (before) {
        const filter = { _id: 'position', position: positionText(before) } as const;
        return (await collection.updateOne(filter, { $set: { position: positionText(next) } })).matchedCount === 1;
      }
      try {
        await collection.insertOne({ _id: 'position', position: positionText(next) });
        return true;
      } catch (error) {
        if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return false;
        throw error;
      }
    },
  };
}
