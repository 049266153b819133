import { cleanJson, type Warning } from './clean.ts';
import { addressedContent, documentText, mediaContent } from './files.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { partTypeOf, type PartType } from './kinds.ts';
import { indexOfToken, type MediaReference } from './media.ts';
import { takeOut, type Blob } from './take-out.ts';
import { beside, reasoningOf, textOf } from './texts.ts';
import { toolCallOf, toolResultOf } from './tools.ts';

/**
 * A part in the form that the rest of the product uses. Nothing that was sent is lost: it is in the content, or in
 * `extra`.
 */
export interface NormalizedPart {
  readonly type: PartType;
  /**
   * Text and reasoning: a string, empty if it is encrypted or redacted. Tool calls: {toolName, args?, result?, …}.
   * Tool results: the result alone, or {result, …}. Media: see `MediaContent`. Other: the part as it was sent.
   */
  readonly content: Json;
  /** Everything that the content does not hold: signatures, hints, and for media the part as it was sent. */
  readonly extra?: Json;
  /** Blobs that tokens in content and extra stand for, by the tokens' indexes. */
  readonly media?: readonly MediaReference[];
}

export interface NormalizedParts {
  /** Undefined if no parts were sent: the stored ones stay. */
  readonly parts: readonly NormalizedPart[] | undefined;
  /** Must be stored before an event refers to them. Each once. */
  readonly blobs: readonly Blob[];
  readonly warnings: readonly Warning[];
}

/** Parts beyond this are stored as one part. */
const MOST_PARTS = 10_000;

/** The parts of a message, from all formats of providers and tools. Never throws. Pure. */
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
    // A list within the list is a list of parts, too, but is not nested further.
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

/** One part, which may be any clean JSON value. Pure. */
export function normalizePart(sent: Json): { readonly part: NormalizedPart; readonly blobs: readonly Blob[] } {
  const { value, media, blobs } = takeOut(sent);
  return { part: { ...shapeOf(value, media), ...(media.length > 0 && { media }) }, blobs };
}

function otherPart(sent: Json): { readonly part: NormalizedPart; readonly blobs: readonly Blob[] } {
  const { value, media, blobs } = takeOut(sent);
  return { part: { type: 'other', content: value, ...(media.length > 0 && { media }) }, blobs };
}

type Shape = Omit<NormalizedPart, 'media'>;

/** The part in our form; its blobs are already tokens. */
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

/**
 * The first blob that filled a whole field, not a stretch of a text: that is the file; others are previews or icons.
 */
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
