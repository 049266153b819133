import { currentParts, mediaOfText, type MediaReference, type Owner } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';

/** Checks one message at a time. */
const READ_BYTES = 1;

/**
 * The session's current reference to a blob with this hash; undefined if it does not refer to one, whatever the owner
 * has stored under the hash elsewhere.
 */
export async function findMedia(
  documents: DocumentStore,
  owner: Owner,
  sessionId: string,
  sha256: string,
): Promise<MediaReference | undefined> {
  let ids = await documents.messagesWithMedia(owner, sessionId, sha256);
  while (ids.length > 0) {
    const { messages, rest } = await documents.wholeMessages(owner, ids, READ_BYTES);
    for (const { message, parts } of messages) {
      const media = [...mediaOfText(message), ...currentParts({ message, parts }).flatMap((part) => part.media ?? [])];
      const found = media.find((reference) => reference.sha256 === sha256);
      if (found) return found;
    }
    ids = rest;
  }
  return undefined;
}
