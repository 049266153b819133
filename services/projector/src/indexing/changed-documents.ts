import type { BatchOutcome, Delivery, Poison } from '@opensync/event-log';
import type { DocumentStore } from '@opensync/stores';
import { forEachOwner } from '../owners.ts';
import { lettersOf, readChanges } from './change-batch.ts';
import type { DocumentIndex } from './document-index.ts';
import { OwnerIndexing } from './owner-indexing.ts';
import { WorkTurn, type WorkTurnOptions } from './work-turn.ts';

/** Remote stores answer many small requests as fast as one. */
const OWNERS_AT_ONCE = 4;

/**
 * Updates an index with the current documents for the ids in a batch of CHANGES. Rows repeat their session's heading,
 * so if that changed, all messages of the session are written again, a page at a time. A document that the index will
 * never accept is poison by itself, and does not block the others.
 */
export async function indexChanges(
  batch: readonly Delivery[],
  documents: DocumentStore,
  index: DocumentIndex,
  { onProgress }: Pick<WorkTurnOptions, 'onProgress'> = {},
): Promise<BatchOutcome> {
  const { changes, poison } = readChanges(batch);
  const letters: Poison[] = [];
  await forEachOwner(changes, OWNERS_AT_ONCE, async (ofOwner) => {
    const { owner, sessions, messages, removed } = ofOwner;
    const indexing = new OwnerIndexing(owner, documents, index, new WorkTurn({ onProgress }));
    await indexing.remove([...removed]);
    const refused = await indexing.run({ sessions: new Set([...sessions, ...removed]), messages });
    letters.push(...lettersOf(ofOwner, refused));
  });
  return { poison: [...poison, ...letters] };
}
