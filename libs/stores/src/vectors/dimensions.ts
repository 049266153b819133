/** @throws Error where the vector is not as long as the store's: one of another model, which must not be compared. */
export function checkDimensions(vector: Float32Array, dimensions: number): void {
  if (vector.length === dimensions) return;
  throw new Error(`a vector has ${vector.length} dimensions, the store's have ${dimensions}`);
}
