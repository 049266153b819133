import {
  partIdOf,
  type EventData,
  type EventType,
  type MessageSynced,
  type NormalizedMessage,
  type Owner,
  type PartSynced,
  type PayloadReference,
  type SessionSynced,
} from '@opensync/contracts';
import { CLAIM_CHECK_BYTES, type PayloadStore } from '@opensync/event-log';

/** What an event says, before it has an id, an owner and a time. */
export type EventDraft = { [T in EventType]: { readonly type: T; readonly data: EventData[T] } }[EventType];

export function sessionDraft(data: SessionSynced): EventDraft {
  return { type: 'dev.opensync.session.synced.v1', data };
}

const PREVIEW_CHARACTERS = 200;

/** Resolves with what stands in an event for this content, once that is durably stored. */
type StoreContent = (content: string) => Promise<PayloadReference>;

/**
 * One message event, then one event for each of its parts. Content too large for an event is stored in `payloads`
 * first and stands in the event as a reference: were it the other way round, a reader could find a reference to nothing.
 */
export async function messageDrafts(
  owner: Owner,
  { message, parts }: NormalizedMessage,
  payloads: Pick<PayloadStore, 'put'>,
): Promise<EventDraft[]> {
  const { messageId, sessionId } = message;
  const store: StoreContent = async (content) => {
    const stored = await payloads.put(owner, content);
    return { ...stored, preview: content.slice(0, PREVIEW_CHARACTERS).toWellFormed() };
  };
  const [data, ...partData] = await Promise.all([
    messageData(message, parts?.length, store),
    ...(parts ?? []).map(async ({ type, content }, order): Promise<PartSynced> => {
      const identity = { partId: partIdOf(messageId, order), messageId, sessionId, order, type };
      return { ...identity, ...(await partContent(content, store)) };
    }),
  ]);
  return [
    { type: 'dev.opensync.message.synced.v1', data },
    ...partData.map((part): EventDraft => ({ type: 'dev.opensync.part.synced.v1', data: part })),
  ];
}

async function messageData(
  { textContent, ...fields }: NormalizedMessage['message'],
  partCount: number | undefined,
  store: StoreContent,
): Promise<MessageSynced> {
  const data = { ...fields, ...(partCount !== undefined && { partCount }) };
  if (textContent === undefined) return data;
  if (!exceedsEvent(textContent)) return { ...data, textContent };
  return { ...data, textRef: await store(textContent) };
}

async function partContent(
  content: PartSynced['content'],
  store: StoreContent,
): Promise<{ content?: PartSynced['content']; contentRef?: PayloadReference }> {
  if (content === undefined) return {};
  if (!exceedsEvent(content)) return { content };
  return { contentRef: await store(JSON.stringify(content)) };
}

/** A UTF-16 code unit takes at most this many bytes in JSON (`\u0000`). */
const JSON_BYTES_PER_UNIT = 6;

/**
 * Whether a value would take more than the claim-check limit of an event's body. Its JSON is what counts: 256 KiB of
 * control characters are 1.5 MiB of JSON, and more than the log takes in one message.
 */
function exceedsEvent(value: PartSynced['content']): boolean {
  if (typeof value === 'string' && value.length * JSON_BYTES_PER_UNIT <= CLAIM_CHECK_BYTES) return false;
  return Buffer.byteLength(JSON.stringify(value)) > CLAIM_CHECK_BYTES;
}
