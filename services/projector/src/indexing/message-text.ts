import {
  currentParts,
  type MessageWithParts,
  type Owner,
  type PartState,
  type PartSynced,
  type PayloadReference,
} from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log';

type Content = PartSynced['content'];

/** Fetches large content that lies beside the log. */
export interface PayloadReader {
  text(owner: Owner, reference: PayloadReference): Promise<string>;
}

export interface MessageText {
  /** The message's own words, else those of its text parts. */
  readonly text: string;
  /** Names, arguments and results of its tool calls, one a line. */
  readonly toolText: string;
}

/** The words of a message, whole: content that was moved out of its events is fetched. */
export async function messageText(message: MessageWithParts, payloads: PayloadReader): Promise<MessageText> {
  // Some plugins send an empty text beside the parts that hold the words.
  const own = message.message?.fields.text || '';
  const whole = typeof own === 'string' ? own : await wholeOrPreview(message.message!.owner, own, payloads);
  const words = whole === '' ? [] : [whole];
  const tools: string[] = [];
  const isRepeated = repetitionsOf(whole);
  for (const part of currentParts(message)) {
    const isTool = part.type === 'tool-call' || part.type === 'tool-result';
    const found: string[] = [];
    collectText(await contentOf(part, payloads), found);
    for (const text of found) {
      if (isTool) tools.push(text);
      else if (!isRepeated(text)) words.push(text);
    }
  }
  return { text: words.join('\n'), toolText: tools.join('\n') };
}

const BLANKS = /\s*/y;

/**
 * Says of each part's text, in order, whether it repeats the message's own: many plugins send that as its parts as well,
 * and it counts once. It is compared with all of it and with what follows the repetition before, and searched for
 * nowhere: to search a long text for each of ten thousand parts would hold up the process for minutes.
 */
function repetitionsOf(whole: string): (text: string) => boolean {
  const trimmed = whole.trim();
  let end = 0;
  const skipBlanks = () => {
    BLANKS.lastIndex = end;
    BLANKS.test(whole);
    end = BLANKS.lastIndex;
  };
  skipBlanks();
  return (text) => {
    const repeated = text.trim();
    if (repeated === trimmed) return true;
    if (!whole.startsWith(repeated, end)) return false;
    end += repeated.length;
    skipBlanks();
    return true;
  };
}

async function contentOf(part: PartState, payloads: PayloadReader): Promise<Content> {
  if (!part.contentRef) return part.content ?? null;
  const json = await wholeOrPreview(part.owner, part.contentRef, payloads);
  // A preview is the beginning of the JSON and no JSON itself: its words are still words.
  return json === part.contentRef.preview ? json : (JSON.parse(json) as Content);
}

/** The content; of what is lost, the preview: one lost payload must not keep everything after it out of the index. */
async function wholeOrPreview(owner: Owner, reference: PayloadReference, payloads: PayloadReader): Promise<string> {
  try {
    return await payloads.text(owner, reference);
  } catch (error) {
    if (error instanceof PayloadLostError) return reference.preview;
    throw error;
  }
}

/** Every string in the content, in order. Keys are names of arguments, not words that anyone wrote. */
function collectText(content: Content, into: string[]): void {
  if (typeof content === 'string') {
    if (content !== '') into.push(content);
  } else if (Array.isArray(content)) {
    for (const item of content) collectText(item, into);
  } else if (typeof content === 'object' && content !== null) {
    for (const value of Object.values(content)) collectText(value, into);
  }
}
