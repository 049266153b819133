import type { MessageView, PartView, PayloadReference } from '@opensync/contracts';
import { innerOfJsonString, textAsJson, type LargeContents } from './large-content.ts';

/** JSON on its way out: text, or bytes of UTF-8. */
export type JsonPiece = string | Uint8Array;

/**
 * A message as the API shows it, in pieces, with its large contents in place: `textContent` is the message's own text; where
 * that is missing or empty, the text of its text parts; null where there are no words at all. Of content that is lost the
 * beginning stands there, as text, marked by `textContentLost` or `contentLost`: one damaged payload must not hide the whole
 * session.
 */
export async function* messageJson(
  { text, parts, ...fields }: MessageView,
  contents: LargeContents,
): AsyncGenerator<JsonPiece> {
  yield `${openObject({ _id: fields.id, ...fields })},"textContent":`;
  const isLost = text ? yield* ownText(text, contents) : yield* textOfParts(text === '' ? '' : null, parts, contents);
  yield `${isLost ? ',"textContentLost":true' : ''},"parts":[`;
  for (const [at, part] of parts.entries()) {
    if (at > 0) yield ',';
    yield* partJson(part, contents);
  }
  yield ']}';
}

/** The first large content that {@link messageJson} will ask for. */
export function firstReference({ text, parts }: MessageView): PayloadReference | undefined {
  if (typeof text === 'object' && text !== null) return text;
  const read = text ? parts : [...parts.filter(({ type }) => type === 'text'), ...parts];
  return read.find(({ contentRef }) => contentRef)?.contentRef;
}

type Text = NonNullable<MessageView['text']>;

async function* ownText(text: Text, contents: LargeContents): AsyncGenerator<JsonPiece, boolean> {
  if (typeof text === 'string') {
    yield JSON.stringify(text);
    return false;
  }
  const content = await contents.open(text);
  if (!content) {
    yield JSON.stringify(text.preview);
    return true;
  }
  yield '"';
  const isCutOff = yield* textAsJson(content);
  yield '"';
  return isCutOff;
}

async function* textOfParts(
  own: '' | null,
  parts: readonly PartView[],
  contents: LargeContents,
): AsyncGenerator<JsonPiece, false> {
  let count = 0;
  /** What stands before the next text. */
  const lead = () => (count++ === 0 ? '"' : '\\n');
  for (const { type, content, contentRef } of parts) {
    if (type !== 'text') continue;
    if (!contentRef) {
      if (typeof content === 'string') yield lead() + JSON.stringify(content).slice(1, -1);
      continue;
    }
    const large = await contents.open(contentRef);
    if (!large) {
      yield lead() + JSON.stringify(contentRef.preview).slice(1, -1);
      continue;
    }
    let isOpen = false;
    for await (const piece of innerOfJsonString(large)) {
      if (!isOpen) yield lead();
      isOpen = true;
      yield piece;
    }
  }
  yield count === 0 ? JSON.stringify(own) : '"';
  return false;
}

async function* partJson(
  { id, type, content, contentRef, order }: PartView,
  contents: LargeContents,
): AsyncGenerator<JsonPiece> {
  yield `${openObject({ _id: id, id, type })},"content":`;
  const large = contentRef && (await contents.open(contentRef));
  const isLost = contentRef !== undefined && !large;
  // What is stored of a part's content is its JSON.
  if (large) yield* large;
  else yield JSON.stringify((contentRef ? contentRef.preview : content) ?? null);
  yield `,"order":${order}${isLost ? ',"contentLost":true' : ''}}`;
}

/** The JSON of an object that goes on. */
function openObject(fields: object): string {
  return JSON.stringify(fields).slice(0, -1);
}
