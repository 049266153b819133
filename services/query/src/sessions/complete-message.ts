import type { MessageView, Owner, PayloadReference } from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log';
import type { CompleteMessage, CompletePart } from './session-json.ts';

/** Fetches large content that lies beside the log. */
export interface PayloadReader {
  text(owner: Owner, reference: PayloadReference): Promise<string>;
}

interface Content {
  readonly content: string | null;
  /** Only the preview is left. */
  readonly lost?: true;
}

/**
 * The message with its large content in place, and beside it how many characters of content it has. Of content that
 * is lost the preview stands there, marked: one damaged payload must not hide the whole session.
 */
export async function completeMessage(
  owner: Owner,
  { text, parts, ...message }: MessageView,
  payloads: PayloadReader,
): Promise<{ message: CompleteMessage; characters: number }> {
  const own: Content =
    text === null || typeof text === 'string' ? { content: text } : await fetched(owner, text, payloads);
  let characters = own.content?.length ?? 0;
  const completeParts: CompletePart[] = [];
  // One after the other: each can be megabytes.
  for (const { contentRef, ...part } of parts) {
    const { content: json, lost } = contentRef ? await fetched(owner, contentRef, payloads) : {};
    // A preview is the beginning of JSON, and no JSON itself.
    const content = json === undefined ? part.content : lost ? json : (JSON.parse(json) as CompletePart['content']);
    characters += json?.length ?? sizeOf(content);
    completeParts.push({ ...part, content, ...(lost && { lost }) });
  }
  const lost = own.lost && { textLost: true as const };
  return { message: { ...message, text: own.content, ...lost, parts: completeParts }, characters };
}

async function fetched(
  owner: Owner,
  reference: PayloadReference,
  payloads: PayloadReader,
): Promise<Content & { content: string }> {
  try {
    return { content: await payloads.text(owner, reference) };
  } catch (error) {
    if (error instanceof PayloadLostError) return { content: reference.preview, lost: true };
    throw error;
  }
}

function sizeOf(content: CompletePart['content']): number {
  return typeof content === 'string' ? content.length : JSON.stringify(content).length;
}
