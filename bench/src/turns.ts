export interface Turns {
  /** Items per second. */
  readonly product: number;
  readonly ceiling: number;
}

/**
 * Does each batch twice, by the product and then by the raw client: in turn, so that both see the same machine and the
 * same server as it warms up and fills.
 */
export async function inTurn<Batch>(
  batches: readonly Batch[],
  sizeOf: (batch: Batch) => number,
  { product, raw }: { product: (batch: Batch) => Promise<unknown>; raw: (batch: Batch) => Promise<unknown> },
): Promise<Turns> {
  let items = 0;
  let productMs = 0;
  let rawMs = 0;
  for (const batch of batches) {
    const start = performance.now();
    await product(batch);
    const between = performance.now();
    await raw(batch);
    rawMs += performance.now() - between;
    productMs += between - start;
    items += sizeOf(batch);
  }
  return { product: items / (productMs / 1000), ceiling: items / (rawMs / 1000) };
}
