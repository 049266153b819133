interface QdrantCollections {
  readonly result: { readonly collections: readonly { readonly name: string }[] };
}

/**
 * Deletes the indexes in Elasticsearch and the collections in Qdrant whose names begin with `prefix`: those that
 * tests created on shared servers. A server that is not named is left alone.
 */
export async function removeIndexesAndCollections(
  { elasticsearch, qdrant }: { readonly elasticsearch?: string; readonly qdrant?: string },
  prefix: string,
): Promise<void> {
  if (elasticsearch !== undefined) {
    const indexes = (await (await fetch(`${elasticsearch}/${prefix}*`)).json()) as Record<string, unknown>;
    for (const name of Object.keys(indexes)) await remove(`${elasticsearch}/${name}`);
  }
  if (qdrant !== undefined) {
    const { result } = (await (await fetch(`${qdrant}/collections`)).json()) as QdrantCollections;
    for (const { name } of result.collections.filter((collection) => collection.name.startsWith(prefix))) {
      await remove(`${qdrant}/collections/${encodeURIComponent(name)}`);
    }
  }
}

async function remove(url: string): Promise<void> {
  const { ok, status } = await fetch(url, { method: 'DELETE' });
  if (!ok && status !== 404) throw new Error(`DELETE ${url} was answered with ${status}`);
}
