import type { Client } from '@elastic/elasticsearch';
import { samePosition, type Positioned, type StorePosition } from '../../position/port.ts';

/**
 * The position in the metadata of the index, which moves with the index and is not a row. Every change updates the
 * cluster state, so it should be set rarely. It is compared before it is set, not atomically: two concurrent writers
 * both succeed.
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
      // Replaced as a whole: keep what others store there.
      await client.indices.putMapping({ index: alias, _meta: { ...description, position: next } });
      return true;
    },
  };
}
