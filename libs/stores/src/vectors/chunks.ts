import { createHash } from 'node:crypto';
import { graphemeBorder } from '../search/graphemes.ts';

/**
 * Characters (UTF-16) of a chunk: about 125 tokens. The local model reads 128 at once (it gets longer texts in
 * pieces, whose vectors blur into one), and a chunk this small covers one topic.
 */
const LENGTH = 500;
/** No chunk but the last ends before; a border found earlier would make many small ones. */
const SHORTEST = 300;
/** Text at a border is in both chunks, so that a thought across it is complete in one of them. */
const OVERLAP = 50;

/**
 * Maximum number of embedded chunks per text: about 57,000 characters, ten seconds of the local model. A longer text
 * states its topic at its beginning, and often its question at its end.
 */
const FIRST_CHUNKS = 96;
const LAST_CHUNKS = 32;
export const MOST_CHUNKS = FIRST_CHUNKS + LAST_CHUNKS;

/** In UTF-16: a title that was made from a long prompt must not outweigh the chunk. */
const LONGEST_HEADING = 160;
/** In a shorter chunk, such as "Yes, please", the title would dominate: it would match whatever the title matches. */
const SHORTEST_UNDER_HEADING = 100;

/** A chunk on its way to its vector. */
export interface Passage {
  /** Identifies the chunk in its document, whatever its heading says: a new title embeds nothing again. */
  readonly hash: string;
  /** What the model reads: the chunk, under its heading. */
  readonly text: string;
  /** Of that text: equal chunks under other headings are different texts. */
  readonly textHash: string;
}

export interface ChunksToEmbed {
  /** At most {@link MOST_CHUNKS}, in order. */
  readonly chunks: readonly string[];
  /** How many chunks between the first and the last ones are left out. */
  readonly omitted: number;
}

/** The chunks of a text that get a vector: all of them, or the first 96 and the last 32 of a text that has more. */
export function chunksToEmbed(text: string): ChunksToEmbed {
  const chunks = chunkText(text);
  const omitted = Math.max(0, chunks.length - MOST_CHUNKS);
  if (omitted === 0) return { chunks, omitted };
  return { chunks: [...chunks.slice(0, FIRST_CHUNKS), ...chunks.slice(-LAST_CHUNKS)], omitted };
}

/** A chunk as a model reads it: under its heading, unless that is empty or says no more. */
export function passageOf(chunk: string, heading: string): Passage {
  const title = heading.trim();
  const said = title.replace(/…$/, '');
  const repeats = chunk.startsWith(said.slice(0, LONGEST_HEADING));
  if (title === '' || repeats || chunk.length < SHORTEST_UNDER_HEADING) {
    return { hash: digest(chunk), text: chunk, textHash: digest(chunk) };
  }
  const cutAt = title.length > LONGEST_HEADING ? graphemeBorder(title, LONGEST_HEADING) : title.length;
  const text = `${title.slice(0, cutAt)}\n${chunk}`;
  return { hash: headedHash(chunk), text, textHash: digest(text) };
}

/** Whether a hash is that of this chunk, with or without a heading. */
export function isOfChunk(chunk: string, hash: string): boolean {
  return hash === digest(chunk) || hash === headedHash(chunk);
}

/** A vector from before there were headings is replaced, so the hash is another one. */
function headedHash(chunk: string): string {
  return digest(`heading\n${chunk}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Where to cut, best first: after a paragraph, a line, a sentence, a word. */
const BORDERS = [/\n\s*\n/g, /\n/g, /[.!?…]["')\]]?\s|[。！？]/g, /\s/g];

/**
 * A text in pieces for embedding, none blank, together all of it. Cuts depend only on the text before them: when a
 * text grows at its end, earlier chunks keep their hashes and are not embedded again.
 */
export function chunkText(text: string): string[] {
  const chunks: string[] = [];
  let covered = 0;
  for (let start = 0; start < text.length;) {
    const end = text.length - start <= LENGTH ? text.length : cut(text, start);
    const chunk = text.slice(start, end).trimEnd();
    // Where long blanks follow a border, the overlap alone is left: the chunk before has it.
    if (start + chunk.length > covered && chunk !== '') chunks.push(chunk.trimStart());
    covered = Math.max(covered, start + chunk.length);
    start = end === text.length ? end : overlapStart(text, start, end);
  }
  return chunks;
}

function cut(text: string, start: number): number {
  const from = start + SHORTEST;
  const reach = text.slice(from, start + LENGTH);
  for (const border of BORDERS) {
    const last = [...reach.matchAll(border)].at(-1);
    if (last) return from + last.index + last[0].length;
  }
  return graphemeBorder(text, start + LENGTH);
}

/** The first word that begins within the overlap; otherwise no overlap. */
function overlapStart(text: string, start: number, end: number): number {
  const from = Math.max(start + 1, end - OVERLAP);
  const blank = text.slice(from, end).search(/\s\S/);
  return blank < 0 ? end : from + blank + 1;
}
