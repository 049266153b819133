import { samePosition, type Positioned, type StorePosition } from '../../position/port.ts';
import { answerOf } from './errors.ts';
import { retrieve, type PointSource } from './points.ts';

/** Of the point with the position. No document's: those are derived from an owner. */
export const POSITION_ID = '00000000-0000-0000-0000-000000000001';

/**
 * The position as a point among the messages, which moves with the collection. It has no vector and no owner, so no
 * search and no count finds it. It is compared before it is set, not atomically: two concurrent writers both succeed.
 */
export function qdrantPosition(points: PointSource): Positioned {
  const collection = () => points.collectionOf('messages');
  async function position(): Promise<StorePosition | undefined> {
    const stored = (await retrieve(points, collection(), [POSITION_ID], {})).get(POSITION_ID);
    return stored && (JSON.parse(String(stored.payload?.logPosition)) as StorePosition);
  }
  return {
    position,
    async setPosition(next, before) {
      if (!samePosition(await position(), before)) return false;
      const point = { id: POSITION_ID, vector: {}, payload: { logPosition: JSON.stringify(next) } };
      await answerOf(() => points.client.upsert(collection(), { wait: true, points: [point] }));
      return true;
    },
  };
}
