import type { Client } from '@elastic/elasticsearch';
import { samePosition, type Positioned, type StorePosition } from '../../position/port.ts';

/**
 * The position in the description of the index, which goes wherever the index goes and is no row of it. Every change is one
 * of the cluster's state, so it should be set seldom. It is compared before it is set, not together: two that set it
 * at the same moment both succeed.
 * @param alias of one index
 */
export function elasticsearchPosition(client: Client, alias: string): Positioned {
  async function descriptionOf(): Promise<Readonly<Record<string, unknown>>> {
    const [description] = Object.values(await client.indices.getMapping({ index: alias }));
    return description?.mappings._meta ?? {};
  }
  return {
    async position() {
      return (await descriptionOf()).position as StorePosition | undefined;
    },
    async setPosition(next, before) {
      const description = await descriptionOf();
      if (!samePosition(description.position as StorePosition | undefined, before)) return false;
      // Replaced as a whole: others keep what they know of the index there, too.
      await client.indices.putMapping({ index: alias, _meta: { ...description, position: next } });
      return true;
    },
  };
}
