import type { Client } from '@elastic/elasticsearch';
import { samePosition, type Positioned, type StorePosition } from '../position/port.ts';

/**
 * The position in the description of the index, which goes wherever the index goes and is no row of it. Every change is one
 * of the cluster's state, so it should be set seldom. It is compared before it is set, not together: two that set it
 * at the same moment both succeed.
 * @param alias of one index
 */
export function elasticsearchPosition(client: Client, alias: string): Positioned {
  async function meta(): Promise<{ readonly position?: StorePosition }> {
    const [description] = Object.values(await client.indices.getMapping({ index: alias }));
    return (description?.mappings._meta ?? {}) as { readonly position?: StorePosition };
  }
  return {
    position: async () => (await meta()).position,
    async setPosition(next, before) {
      const current = await meta();
      if (!samePosition(current.position, before)) return false;
      // What else is said of the index stays: all of it is replaced at once.
      await client.indices.putMapping({ index: alias, _meta: { ...current, position: next } });
      return true;
    },
  };
}
