import { cleanJson, type Warning } from './clean.ts';
import { addressedContent, documentText, mediaContent } from './files.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { partTypeOf, type PartType } from './kinds.ts';
import { indexOfToken, type MediaReference } from './media.ts';
import { takeOut, type Blob } from './take-out.ts';
import { beside, reasoningOf, textOf } from './texts.ts';
import { toolCallOf, toolResultOf } from './tools.ts';

/** A part as the rest of the product knows it. Nothing that was sent is lost: it is in the content, or beside it. */
export interface NormalizedPart {
  readonly type: PartType;
  /**
   * Text and reasoning: a string, empty for what is encrypted or redacted. Tool calls: {toolName, args?, result?, …}. Tool
   * results: the result alone, or {result, …}. Media: see `MediaContent`. Other: the part as it was sent.
   */
  readonly content: Json;
  /** What the content does not say: signatures, hints, and of media the part as it was sent. */
  readonly extra?: Json;
  /** Blobs that tokens in the content and beside it stand for, by the tokens' indexes. */
  readonly media?: readonly MediaReference[];
}

export interface NormalizedParts {
  /** Undefined if none were sent: the stored ones stay. */
  readonly parts: readonly NormalizedPart[] | undefined;
  /** To be stored before an event refers to them. Each once. */
  readonly blobs: readonly Blob[];
  readonly warnings: readonly Warning[];
}

/** What is beyond this is kept as one part. */
const MOST_PARTS = 10_000;

/** The parts of a message, from any of the forms that providers and tools have. Never throws. Pure. */
export function normalizeParts(sent: unknown): NormalizedParts {
  if (sent === undefined || sent === null) return { parts: undefined, blobs: [], warnings: [] };
  const { value, warnings } = cleanJson(sent as Json, 'parts');
  if (typeof value === 'number' || typeof value === 'boolean') {
    const message = 'left out: not a list of parts';
    return { parts: undefined, blobs: [], warnings: [{ path: 'parts', reason: 'wrong-type', message }] };
  }
  const list = Array.isArray(value) ? value : [value];
  const parts: NormalizedPart[] = [];
  const blobs = new Map<string, Blob>();
  for (const [at, item] of list.slice(0, MOST_PARTS - 1).entries()) {
    const path = Array.isArray(value) ? `parts.${at}` : 'parts';
    if (item === null || typeof item === 'number' || typeof item === 'boolean' || isEmptyList(item)) {
      warnings.push({ path, reason: 'not-a-part', message: 'left out: not a part' });
      continue;
    }
    // A list within the list is a list of parts, too, but not one within that.
    for (const one of Array.isArray(item) ? item : [item]) add(normalizePart(one));
  }
  const rest = list.slice(MOST_PARTS - 1);
  if (rest.length === 1) add(normalizePart(rest[0]!));
  else if (rest.length > 1) {
    add(otherPart(rest));
    const message = `kept as one part without words: more than ${MOST_PARTS} parts`;
    warnings.push({ path: `parts.${MOST_PARTS - 1}`, reason: 'too-many', message });
  }
  return { parts, blobs: [...blobs.values()], warnings };

  function add(normalized: { readonly part: NormalizedPart; readonly blobs: readonly Blob[] }): void {
    parts.push(normalized.part);
    for (const blob of normalized.blobs) blobs.set(blob.sha256, blob);
  }
}

function isEmptyList(value: Json): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** One part, which may be any JSON value that is clean. Pure. */
export function normalizePart(sent: Json): { readonly part: NormalizedPart; readonly blobs: readonly Blob[] } {
  const { value, media, blobs } = takeOut(sent);
  return { part: { ...shapeOf(value, media), ...(media.length > 0 && { media }) }, blobs };
}

function otherPart(sent: Json): { readonly part: NormalizedPart; readonly blobs: readonly Blob[] } {
  const { value, media, blobs } = takeOut(sent);
  return { part: { type: 'other', content: value, ...(media.length > 0 && { media }) }, blobs };
}

type Shape = Omit<NormalizedPart, 'media'>;

/** The part in our shape; its blobs are tokens already. */
export function shapeOf(part: Json, media: readonly MediaReference[]): Shape {
  if (typeof part === 'string') return { type: 'text', content: part };
  if (!isObject(part)) return { type: 'other', content: part };
  switch (partTypeOf(part)) {
    case 'text':
      return readableShape('text', textOf(part)) ?? { type: 'other', content: part };
    case 'reasoning':
      return (
        readableShape('reasoning', reasoningOf(part)) ?? { type: 'reasoning', content: '', ...extraOf(beside(part)) }
      );
    case 'tool-call':
      return { type: 'tool-call', content: toolCallOf(part) };
    case 'tool-result':
      return { type: 'tool-result', content: toolResultOf(part) };
    case 'media':
      return mediaShape(part, media);
    case 'other':
      return { type: 'other', content: part };
  }
}

function readableShape(type: 'text' | 'reasoning', readable: ReturnType<typeof textOf>): Shape | undefined {
  return readable && { type, content: readable.text, ...extraOf(readable.extra) };
}

function mediaShape(part: JsonObject, media: readonly MediaReference[]): Shape {
  const file = media[firstWholeToken(part, media) ?? -1];
  if (file) return { type: 'media', content: mediaContent(file), extra: part as Json };
  const document = readableShape('text', documentText(part));
  if (document) return document;
  const content = addressedContent(part);
  return content === undefined
    ? { type: 'other', content: part as Json }
    : { type: 'media', content, extra: part as Json };
}

/** The first blob that a whole field was, and not a stretch of a text: that is the file, others are previews or icons. */
function firstWholeToken(value: Json, media: readonly MediaReference[]): number | undefined {
  if (media.length === 0) return undefined;
  if (typeof value === 'string') return indexOfToken(value.trim(), media);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const item of Object.values(value)) {
    const index = firstWholeToken(item, media);
    if (index !== undefined) return index;
  }
  return undefined;
}

function extraOf(extra: JsonObject | undefined): Pick<Shape, 'extra'> {
  return extra === undefined ? {} : { extra: extra as Json };
}
