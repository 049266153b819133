import {
  previewText,
  toolFactsOf,
  UNNAMED_TOOL,
  type MessageView,
  type PartView,
  type PayloadReference,
} from '@opensync/contracts';
import type { JsonPiece, JsonStep, JsonSteps, PageMedia } from '../content/media-in-place.ts';
import { mediaJson, mediaUrl } from '../content/media-link.ts';
import { contentUrl, cutJson, cutText, type FullLink } from './preview.ts';
import { innerOfJsonString, textAsJson, type LargeContents } from '../content/large-content.ts';

/** The sources of a page's message bodies. */
export interface Bodies {
  readonly contents: LargeContents;
  readonly media: PageMedia;
  /** Characters after which texts and contents are cut, with a link to the whole; undefined: they are whole. */
  readonly preview?: number | undefined;
}

/** Where a message is, and where the results of its tool calls are. */
export interface MessageLinks {
  readonly position?: string;
  /** By the order of a tool call; null: it has no result; undefined: the part is no tool call. */
  readonly results?: (order: number) => object | null | undefined;
}

/**
 * A message as the API shows it, in steps, with its large contents in place: `textContent` is the message's own
 * text; if that is missing or empty, the text of its text parts; null if there are no words at all. For lost content
 * its beginning is shown, as text, marked by `textContentLost` or `contentLost`: one damaged payload must not hide
 * the whole session.
 */
export function* messageJson(
  { text, media, parts, ...fields }: MessageView,
  bodies: Bodies,
  { position, results }: MessageLinks = {},
): Generator<JsonStep> {
  const shown = media && { media: mediaJson(bodies.media.sessionId, media) };
  yield `${openObject({ _id: fields.id, position, ...fields, ...shown })},"textContent":`;
  let isLost = false;
  const cut = text && bodies.preview !== undefined ? cutOwnText(text, bodies.preview, media) : undefined;
  if (text && cut !== undefined) {
    yield* bodies.media.inJson([JSON.stringify(cut)], media);
    const size = typeof text === 'string' ? Buffer.byteLength(text) : text.size;
    yield `,"textFull":${JSON.stringify({ size, url: contentUrl(bodies.media.sessionId, fields.id) } satisfies FullLink)}`;
  } else if (text) {
    const own = ownText(text, bodies.contents, () => (isLost = true));
    yield* bodies.media.inJson(own, media);
  } else {
    yield* textOfParts(text === '' ? '' : null, parts, bodies);
  }
  yield `${isLost ? ',"textContentLost":true' : ''},"parts":[`;
  for (const [at, part] of parts.entries()) {
    if (at > 0) yield ',';
    yield* partJson(part, bodies, { messageId: fields.id, result: results?.(part.order) });
  }
  yield ']}';
}

/** Whether {@link messageJson} may read blobs to restore them. */
export function mayReadMedia({ media: ofText, parts }: MessageView, media: PageMedia): boolean {
  return media.mayRead(ofText, false) || parts.some((part) => media.mayRead(part.media, part.type === 'media'));
}

/** The first large content that {@link messageJson} will read. */
export function firstReference({ text, parts }: MessageView): PayloadReference | undefined {
  if (typeof text === 'object' && text !== null) return text;
  const read = text ? parts : [...parts.filter(({ type }) => type === 'text'), ...parts];
  return read.find(({ contentRef }) => contentRef)?.contentRef;
}

type Text = NonNullable<MessageView['text']>;

function ownText(text: Text, contents: LargeContents, onLost: () => void): JsonSteps {
  return [typeof text === 'string' ? JSON.stringify(text) : largeText(text, contents, onLost)];
}

async function* largeText(
  text: PayloadReference,
  contents: LargeContents,
  onLost: () => void,
): AsyncGenerator<JsonPiece> {
  const content = await contents.open(text);
  if (!content) {
    onLost();
    return yield JSON.stringify(text.preview);
  }
  yield '"';
  if (yield* textAsJson(content)) onLost();
  yield '"';
}

function* textOfParts(
  own: '' | null,
  parts: readonly PartView[],
  { contents, media, preview }: Bodies,
): Generator<JsonStep> {
  let count = 0;
  /** The JSON before the next text. */
  const lead = () => (count++ === 0 ? '"' : '\\n');
  for (const part of parts) {
    if (part.type !== 'text') continue;
    const cut = preview === undefined ? undefined : cutBody(part.content, part.contentRef, preview, part.media);
    const text = typeof cut === 'string' ? [lead() + JSON.stringify(cut).slice(1, -1)] : undefined;
    yield* media.inJson(text ?? textOfPart(part, contents, lead), part.media);
  }
  yield count === 0 ? JSON.stringify(own) : '"';
}

function textOfPart({ content, contentRef }: PartView, contents: LargeContents, lead: () => string): JsonSteps {
  if (contentRef) return [largeTextOfPart(contentRef, contents, lead)];
  return typeof content === 'string' ? [lead() + JSON.stringify(content).slice(1, -1)] : [];
}

async function* largeTextOfPart(
  reference: PayloadReference,
  contents: LargeContents,
  lead: () => string,
): AsyncGenerator<JsonPiece> {
  const large = await contents.open(reference);
  if (!large) return yield lead() + JSON.stringify(previewText(reference)).slice(1, -1);
  let isOpen = false;
  for await (const piece of innerOfJsonString(large)) {
    if (!isOpen) yield lead();
    isOpen = true;
    yield piece;
  }
}

function* partJson(
  part: PartView,
  bodies: Bodies,
  { messageId, result }: { messageId: string; result: object | null | undefined },
): Generator<JsonStep> {
  const { id, type, order, media, content, contentRef, extra, extraRef } = part;
  const isFile = type === 'media';
  yield `${openObject({ _id: id, id, type })},"content":`;
  const lost = new Set<string>();
  const shown = isFile ? withUrl(content, bodies.media.sessionId) : content;
  const { preview } = bodies;
  const cut = preview === undefined ? undefined : cutPart(part, preview);
  const contentJson =
    cut === undefined
      ? bodyJson(shown, contentRef, bodies.contents, () => lost.add('contentLost'))
      : [JSON.stringify(cut)];
  yield* bodies.media.inJson(contentJson, media, isFile);
  const full = (body: unknown, reference: PayloadReference | undefined, of?: 'extra') => {
    const url = contentUrl(bodies.media.sessionId, messageId, { part: order, ...(of && { of }) });
    return JSON.stringify({ size: reference?.size ?? sizeOf(body), url } satisfies FullLink);
  };
  if (cut !== undefined) yield `,"contentFull":${full(content, contentRef)}`;
  yield `,"order":${order}`;
  if (result !== undefined) yield `,"result":${JSON.stringify(result)}`;
  if (extra !== undefined || extraRef) {
    yield ',"extra":';
    const cutExtra = preview === undefined ? undefined : cutBody(extra, extraRef, preview, media);
    const extraJson =
      cutExtra === undefined
        ? bodyJson(extra, extraRef, bodies.contents, () => lost.add('extraLost'))
        : [JSON.stringify(cutExtra)];
    yield* bodies.media.inJson(extraJson, media, isFile);
    if (cutExtra !== undefined) yield `,"extraFull":${full(extra, extraRef, 'extra')}`;
  }
  if (media) yield `,"media":${JSON.stringify(mediaJson(bodies.media.sessionId, media))}`;
  for (const name of lost) yield `,"${name}":true`;
  yield '}';
}

function cutOwnText(text: Text, most: number, media: MessageView['media']): string | undefined {
  return typeof text === 'string' ? cutText(text, most, media) : (cutText(text.preview, most) ?? text.preview);
}

/** A tool call keeps its name, however little of it is shown. */
function cutPart({ type, content, contentRef, tool, media }: PartView, most: number) {
  // The name, type and address of a file are short.
  if (type === 'media') return undefined;
  const cut = cutBody(content, contentRef, most, media);
  if (cut === undefined || type !== 'tool-call') return cut;
  const named = { toolName: tool?.toolName ?? toolFactsOf(type, content ?? undefined)?.toolName ?? UNNAMED_TOOL };
  return typeof cut === 'object' && cut !== null && !Array.isArray(cut)
    ? { ...cut, ...named }
    : { ...named, preview: cut };
}

/** The preview of content in the payload store is short; it is shown without reading the rest. */
function cutBody(
  body: PartView['extra'] | null,
  reference: PayloadReference | undefined,
  most: number,
  media: PartView['media'],
) {
  if (reference) return cutText(previewText(reference), most) ?? previewText(reference);
  return cutJson(body ?? null, most, media);
}

function sizeOf(body: unknown): number {
  return Buffer.byteLength(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The pieces of a message's own text, or of a part's content or extra, as JSON. */
export function* bodyPieces(
  { text, media: ofText, parts }: MessageView,
  bodies: Bodies,
  { part: order, of }: { readonly part?: number | undefined; readonly of: 'content' | 'extra' },
  onLost: () => void,
): Generator<JsonStep> {
  if (order === undefined) return yield* bodies.media.inJson(ownText(text ?? '', bodies.contents, onLost), ofText);
  const part = parts.find((one) => one.order === order)!;
  const [body, reference] = of === 'extra' ? [part.extra, part.extraRef] : [part.content, part.contentRef];
  yield* bodies.media.inJson(bodyJson(body, reference, bodies.contents, onLost), part.media, part.type === 'media');
}

function bodyJson(
  body: PartView['extra'] | null,
  reference: PayloadReference | undefined,
  contents: LargeContents,
  onLost: () => void,
): JsonSteps {
  return [reference ? largeBody(reference, contents, onLost) : JSON.stringify(body ?? null)];
}

async function* largeBody(
  reference: PayloadReference,
  contents: LargeContents,
  onLost: () => void,
): AsyncGenerator<JsonPiece> {
  const large = await contents.open(reference);
  // The stored form of a body is its JSON.
  if (large) return yield* large;
  onLost();
  yield JSON.stringify(previewText(reference));
}

/** A file's content with a link to its bytes. */
function withUrl(content: PartView['content'], sessionId: string): PartView['content'] {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return content;
  const { sha256 } = content;
  return typeof sha256 === 'string' ? { ...content, url: mediaUrl(sessionId, sha256) } : content;
}

/** The JSON of an object that continues. */
function openObject(fields: object): string {
  return JSON.stringify(fields).slice(0, -1);
}
