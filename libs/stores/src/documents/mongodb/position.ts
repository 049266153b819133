import { MongoServerError, type Collection, type Db } from 'mongodb';
import { DUPLICATE_KEY } from './errors.ts';
import { positionText, type Positioned, type Reaching, type StorePosition } from '../../position/port.ts';

interface PositionDocument {
  readonly _id: 'position' | 'reach';
  /** As {@link positionText}: compared as a whole. Only for `position`. */
  readonly position?: string;
  /** Only for `reach`. */
  readonly sequence?: number;
}

export interface MongoPosition extends Positioned, Reaching {
  raiseReach(sequence: number): Promise<void>;
}

const isDuplicate = (error: unknown) => error instanceof MongoServerError && error.code === DUPLICATE_KEY;

/** A separate collection, so that nobody counts or lists the position as a document. */
export function positionCollection(database: Db, prefix: string): Collection<PositionDocument> {
  return database.collection(`${prefix}position`);
}

/** @throws errors of the driver */
export function mongoPosition(collection: Collection<PositionDocument>): MongoPosition {
  return {
    async position() {
      const found = await collection.findOne({ _id: 'position' });
      return found ? (JSON.parse(found.position!) as StorePosition) : undefined;
    },

    async reach() {
      return (await collection.findOne({ _id: 'reach' }))?.sequence ?? 0;
    },

    async raiseReach(sequence) {
      const raise = () => collection.updateOne({ _id: 'reach' }, { $max: { sequence } }, { upsert: true });
      // If two insert it at once, one may fail.
      await raise().catch((error: unknown) => (isDuplicate(error) ? raise() : Promise.reject(error)));
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
        if (isDuplicate(error)) return false;
        throw error;
      }
    },
  };
}
