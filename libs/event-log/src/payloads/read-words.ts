import {
  currentParts,
  messageWords,
  previewText,
  UNNAMED_TOOL,
  type MessageWithParts,
  type MessageWords,
  type Owner,
  type PartState,
  type PartSynced,
  type PayloadReference,
} from '@opensync/contracts';
import { PayloadLostError } from './lost.ts';

/** Fetches large content from the payload store. */
export interface TextReader {
  text(owner: Owner, reference: PayloadReference): Promise<string>;
}

export interface ReadWords extends MessageWords {
  /** The names of its tools, each once. */
  readonly tools: readonly string[];
}

/** In UTF-16. A longer one is no name. */
const LONGEST_TOOL = 256;
const MOST_TOOLS = 256;

/** The words of a message, complete: content that was moved out of its events is fetched. */
export async function readWords(stored: MessageWithParts, payloads: TextReader): Promise<ReadWords> {
  const own = stored.message?.fields.text ?? '';
  const text = typeof own === 'string' ? own : ((await whole(stored.message!.owner, own, payloads)) ?? own.preview);
  const parts = [];
  // Sequentially: each can be megabytes.
  for (const part of currentParts(stored)) {
    // Content without words is not fetched.
    if (part.type === 'other') continue;
    parts.push({ type: part.type, content: await contentOf(part, payloads) });
  }
  const tools = new Set(parts.flatMap(({ content }) => toolOf(content)));
  return { ...messageWords({ text, parts }), tools: [...tools].slice(0, MOST_TOOLS) };
}

function toolOf(content: PartSynced['content']): string[] {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return [];
  const { toolName } = content as { readonly toolName?: unknown };
  const isName = typeof toolName === 'string' && toolName !== UNNAMED_TOOL && toolName.length <= LONGEST_TOOL;
  return isName ? [toolName] : [];
}

async function contentOf(part: PartState, payloads: TextReader): Promise<PartSynced['content']> {
  if (!part.contentRef) return part.content;
  const json = await whole(part.owner, part.contentRef, payloads);
  return json === undefined ? previewText(part.contentRef) : (JSON.parse(json) as PartSynced['content']);
}

/** Undefined for lost content: its preview is used, so that it does not block everything after it. */
async function whole(owner: Owner, reference: PayloadReference, payloads: TextReader): Promise<string | undefined> {
  try {
    return await payloads.text(owner, reference);
  } catch (error) {
    if (error instanceof PayloadLostError) return undefined;
    throw error;
  }
}
