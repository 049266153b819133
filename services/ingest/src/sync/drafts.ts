import {
  partIdOf,
  previewOf,
  toolFactsOf,
  type EventData,
  type EventType,
  type MessageSynced,
  type NormalizedMessage,
  type NormalizedPart,
  type Owner,
  type PartSynced,
  type PayloadReference,
  type SessionSynced,
} from '@opensync/contracts';
import { CLAIM_CHECK_BYTES, type PayloadStore } from '@opensync/event-log/payloads';

/** An event before it has an id, an owner and a time. */
export type EventDraft = { [T in EventType]: { readonly type: T; readonly data: EventData[T] } }[EventType];

export function sessionDraft(data: SessionSynced): EventDraft {
  return { type: 'dev.opensync.session.synced.v1', data };
}

/** Resolves with the event's reference to this content, once it is durably stored. */
type StoreContent = (content: string, preview: string) => Promise<PayloadReference>;

/**
 * One message event, then one event for each of its parts. Blobs, and content too large for an event, are stored in
 * `payloads` first and referenced by the events: in the other order, a reader could find a dangling reference.
 */
export async function messageDrafts(
  owner: Owner,
  { message, parts, blobs }: NormalizedMessage,
  payloads: Pick<PayloadStore, 'put'>,
): Promise<EventDraft[]> {
  const { messageId, sessionId } = message;
  const store: StoreContent = async (content, preview) => {
    const stored = await payloads.put(owner, content);
    return { ...stored, preview, readable: true };
  };
  const ofMessage = async (): Promise<EventDraft> => ({
    type: 'dev.opensync.message.synced.v1',
    data: await messageData(message, parts?.length, store),
  });
  const ofPart = async (part: NormalizedPart, order: number): Promise<EventDraft> => {
    const identity = { partId: partIdOf(messageId, order), messageId, sessionId, order, type: part.type };
    return { type: 'dev.opensync.part.synced.v1', data: { ...identity, ...(await partBodies(part, store)) } };
  };
  const [drafts] = await Promise.all([
    Promise.all([ofMessage(), ...(parts ?? []).map(ofPart)]),
    ...blobs.map(({ bytes }) => payloads.put(owner, bytes)),
  ]);
  return drafts;
}

async function messageData(
  { textContent, ...fields }: NormalizedMessage['message'],
  partCount: number | undefined,
  store: StoreContent,
): Promise<MessageSynced> {
  const data = { ...fields, ...(partCount !== undefined && { partCount }) };
  if (textContent === undefined) return data;
  if (!exceedsEvent(textContent)) return { ...data, textContent };
  return { ...data, textRef: await store(textContent, previewOf(textContent)) };
}

/** The contents of a part, each inline or by reference. */
async function partBodies(
  { type, content, extra, media }: NormalizedPart,
  store: StoreContent,
): Promise<Pick<PartSynced, 'content' | 'contentRef' | 'tool' | 'extra' | 'extraRef' | 'media'>> {
  const [storedContent, storedExtra] = await Promise.all(
    [content, extra].map((body) =>
      body !== undefined && exceedsEvent(body) ? store(JSON.stringify(body), previewOf(body)) : undefined,
    ),
  );
  const tool = storedContent && toolFactsOf(type, content);
  return {
    ...(storedContent
      ? { contentRef: storedContent, ...(tool && Object.keys(tool).length > 0 && { tool }) }
      : { content }),
    ...(storedExtra ? { extraRef: storedExtra } : extra !== undefined && { extra }),
    ...(media && { media: [...media] }),
  };
}

/** A UTF-16 code unit takes at most this many bytes in JSON (`\u0000`). */
const JSON_BYTES_PER_UNIT = 6;

/**
 * Whether a value would exceed the claim-check limit of an event's body. Its JSON counts: 256 KiB of control
 * characters are 1.5 MiB of JSON, and more than the log accepts in one message.
 */
function exceedsEvent(value: PartSynced['content']): boolean {
  if (typeof value === 'string' && value.length * JSON_BYTES_PER_UNIT <= CLAIM_CHECK_BYTES) return false;
  return Buffer.byteLength(JSON.stringify(value)) > CLAIM_CHECK_BYTES;
}
