import type { VectorDocument } from './port.ts';

/** @throws Error if the vector's length differs from the store's: a vector of another model must not be compared. */
export function checkDimensions(vector: Float32Array, dimensions: number): void {
  if (vector.length === dimensions) return;
  throw new Error(`a vector has ${vector.length} dimensions, the store's have ${dimensions}`);
}

/** As checkDimensions, for all vectors of the documents. */
export function checkAll(documents: readonly VectorDocument[], dimensions: number): void {
  for (const { chunks } of documents) {
    for (const { vector } of chunks) if (vector) checkDimensions(vector, dimensions);
  }
}

/**
 * @throws Error if a value is not a number: a model may return that, and it would break the searches of everybody
 * whose vectors are compared with it.
 */
export function checkNumbers(documents: readonly VectorDocument[]): void {
  for (const { id, chunks } of documents) {
    if (chunks.every(({ vector }) => vector?.every(Number.isFinite) ?? true)) continue;
    throw new Error(`a vector of ${id} has a value that is not a number`);
  }
}
