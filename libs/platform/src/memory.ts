import { totalmem } from 'node:os';

/** So many bytes, or this share of the memory of a small machine or container. */
export function affordable(bytes: number, share: number): number {
  // 0 if nothing constrains it.
  const memory = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return Math.min(bytes, memory * share);
}
