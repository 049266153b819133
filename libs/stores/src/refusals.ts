import { isRetryable, reasonOf } from '@opensync/platform';

/** A document that a store will never accept, and why: in the store's own words, without its texts. */
export interface RefusedDocument {
  readonly id: string;
  readonly reason: string;
}

/**
 * Writes documents; if writing fails for another reason than an unavailable store, retries in halves, so that an
 * unwritable document does not affect the others. `write` must be safe to repeat.
 * @returns those that cannot be written
 * @throws retryable errors
 */
export async function writeApart<Document extends { readonly id: string }>(
  documents: readonly Document[],
  write: (documents: readonly Document[]) => Promise<void>,
): Promise<readonly RefusedDocument[]> {
  try {
    await write(documents);
    return [];
  } catch (error) {
    if (isRetryable(error) || documents.length === 0) throw error;
    if (documents.length === 1) {
      return [{ id: documents[0]!.id, reason: reasonOf(error) }];
    }
    const half = Math.ceil(documents.length / 2);
    return [
      ...(await writeApart(documents.slice(0, half), write)),
      ...(await writeApart(documents.slice(half), write)),
    ];
  }
}
