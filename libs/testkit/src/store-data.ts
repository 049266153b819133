interface QdrantCollections {
  readonly result: { readonly collections: readonly { readonly name: string }[] };
}

/**
 * Deletes the indexes in Elasticsearch and the collections in Qdrant whose names begin with `prefix`: what tests made of
 * their own on servers that others use, too.
 */
export async function removeIndexesAndCollections(
  servers: { readonly elasticsearch: string; readonly qdrant: string },
  prefix: string,
): Promise<void> {
  const indexes = (await (await fetch(`${servers.elasticsearch}/${prefix}*`)).json()) as Record<string, unknown>;
  for (const name of Object.keys(indexes)) await remove(`${servers.elasticsearch}/${name}`);
  const { result } = (await (await fetch(`${servers.qdrant}/collections`)).json()) as QdrantCollections;
  for (const { name } of result.collections.filter((collection) => collection.name.startsWith(prefix))) {
    await remove(`${servers.qdrant}/collections/${encodeURIComponent(name)}`);
  }
}

async function remove(url: string): Promise<void> {
  const { ok, status } = await fetch(url, { method: 'DELETE' });
  if (!ok && status !== 404) throw new Error(`DELETE ${url} was answered with ${status}`);
}
