import type { VectorDocument } from './port.ts';

/** @throws Error where the vector is not as long as the store's: one of another model, which must not be compared. */
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
 * @throws Error where a value is no number: a model may give that, and nothing can be compared with it, so that the
 * searches of everybody whose vectors are compared would be at its mercy.
 */
export function checkNumbers(documents: readonly VectorDocument[]): void {
  for (const { id, chunks } of documents) {
    if (chunks.every(({ vector }) => vector?.every(Number.isFinite) ?? true)) continue;
    throw new Error(`a vector of ${id} has a value that is no number`);
  }
}
