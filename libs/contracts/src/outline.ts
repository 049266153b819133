import { isObject, type Json } from './content/json.ts';
import { toolFactsOf, type ToolFacts } from './content/tool-facts.ts';
import type { PayloadReference } from './events/schemas.ts';
import { messageFacts, type MessageFacts } from './fold/facts.ts';
import type { MessageHead, TextHead } from './fold/message.ts';
import { isReplacedPart, type PartState } from './fold/part.ts';
import { leastTotal } from './views.ts';

/**
 * What a viewer needs to know of a message before it reads its bodies. Stores keep both in columns, so that an
 * outline of thousands of messages reads no body.
 */
export interface MessageOutline {
  readonly role: string;
  /** It has text of a person. */
  readonly isPrompt: boolean;
  readonly tokens: number;
  /** About how many lines its own text has. */
  readonly lines: number;
  /** With `sequence`, decides which of its parts are current; see `isCurrentPart`. */
  readonly partCount: number;
  /** Parts up to this sequence are replaced. */
  readonly partsAfter: number;
}

export interface PartOutline extends ToolFacts {
  /** About how many lines its content has. */
  readonly lines: number;
}

const LONGEST_ROLE = 64;

/** Pure; depends on the head alone. @param facts of the same message */
export function messageOutline(
  message: MessageHead,
  { prompt }: Pick<MessageFacts, 'prompt'> = messageFacts(message),
): MessageOutline {
  const { fields, sequences } = message;
  return {
    role: (fields.role ?? 'unknown').slice(0, LONGEST_ROLE).toWellFormed(),
    isPrompt: prompt !== null,
    tokens: leastTotal({
      promptTokens: fields.promptTokens ?? 0,
      completionTokens: fields.completionTokens ?? 0,
      cacheReadTokens: fields.cacheReadTokens ?? 0,
      cacheWriteTokens: fields.cacheWriteTokens ?? 0,
      reasoningTokens: fields.reasoningTokens ?? 0,
    }),
    lines: linesOfText(fields.text),
    partCount: fields.partCount ?? 0,
    partsAfter: sequences.partCount ?? 0,
  };
}

/** Undefined for a part that has no content any more. Pure. */
export function partOutline(part: PartState): PartOutline | undefined {
  const { type, content, contentRef, tool, retired } = part;
  if (retired) return undefined;
  const lines = contentRef ? extrapolated(contentRef) : linesIn(content ?? null);
  return { ...(tool ?? toolFactsOf(type, content)), lines };
}

/** Whether a message with this outline still has a part. */
export function isOutlinedPart(
  { partCount, partsAfter }: MessageOutline,
  { order, sequence }: Pick<PartState, 'order' | 'sequence'>,
): boolean {
  return order < partCount && !isReplacedPart({ sequences: { partCount: partsAfter } }, { sequence });
}

const COLUMNS = 80;
/** Characters (UTF-16) that are counted; what follows is taken to have as many lines. */
const COUNTED = 16 * 1024;
/** Of a text of which only the beginning is known, so that each store extrapolates from the same one. */
const KNOWN = 200;
const MOST_VALUES = 1_000;
const MOST_LINES = 1_000_000;

/** Lines of a text that is wrapped at 80 characters; at least one, unless it is empty. */
export function linesOf(text: string): number {
  const counted = text.length > COUNTED ? text.slice(0, COUNTED) : text;
  let lines = 0;
  for (let start = 0; start <= counted.length;) {
    const end = counted.indexOf('\n', start);
    const stop = end === -1 ? counted.length : end;
    lines += Math.max(1, Math.ceil((stop - start) / COLUMNS));
    start = stop + 1;
  }
  if (counted === '') return 0;
  return Math.min(MOST_LINES, counted === text ? lines : Math.ceil((lines * text.length) / COUNTED));
}

function linesOfText(text: string | PayloadReference | TextHead | undefined): number {
  if (text === undefined) return 0;
  if (typeof text !== 'string') return extrapolated(text);
  // A store gives such a text as its beginning next time: it must count the same.
  const size = text.length * 3 > LONG_TEXT_BYTES ? Buffer.byteLength(text) : 0;
  return size > LONG_TEXT_BYTES ? extrapolated({ preview: text, size }) : linesOf(text);
}
/** As HEAD_TEXT_BYTES of the stores. */
const LONG_TEXT_BYTES = 4096;

function extrapolated({ preview, size }: { readonly preview: string; readonly size: number }): number {
  const known = preview.slice(0, KNOWN);
  // Too little to tell how long its lines are.
  if (known.length < KNOWN) return Math.min(MOST_LINES, Math.ceil(size / COLUMNS));
  return Math.min(MOST_LINES, Math.ceil((linesOf(known) * size) / Buffer.byteLength(known)));
}

/** Of a value as a viewer would print it: each text with its lines, each other value on one. */
function linesIn(value: Json): number {
  let left = MOST_VALUES;
  const count = (one: Json): number => {
    if (left-- <= 0) return 0;
    if (typeof one === 'string') return Math.max(1, linesOf(one));
    if (one === null || typeof one !== 'object') return 1;
    let lines = 0;
    for (const inner of isObject(one) ? Object.values(one) : one) {
      if (left <= 0) break;
      lines += count(inner);
    }
    return lines;
  };
  return typeof value === 'string' ? linesOf(value) : Math.min(MOST_LINES, count(value));
}

/** An outline as stores keep it, as JSON: short, and without a schema of theirs. */
export type PackedOutline = readonly [
  role: string,
  isPrompt: number,
  tokens: number,
  lines: number,
  partCount: number,
  partsAfter: number,
];

export function packMessageOutline(outline: MessageOutline): string {
  const { role, isPrompt, tokens, lines, partCount, partsAfter } = outline;
  return JSON.stringify([role, isPrompt ? 1 : 0, tokens, lines, partCount, partsAfter] satisfies PackedOutline);
}

export function unpackMessageOutline(packed: string | PackedOutline): MessageOutline {
  const [role, isPrompt, tokens, lines, partCount, partsAfter] =
    typeof packed === 'string' ? (JSON.parse(packed) as PackedOutline) : packed;
  return { role, isPrompt: isPrompt === 1, tokens, lines, partCount, partsAfter };
}
