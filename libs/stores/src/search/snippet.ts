import { graphemeBorder } from './graphemes.ts';
import type { QueryTerm } from './query.ts';
import { visibleText } from './terminal.ts';
import { normalise, type NormalText } from './normal.ts';
import { hitsBetween, searchedText, soughtOf, type Hit, type Searched, type Sought, type Span } from './term-hits.ts';

/** Characters (UTF-16) of a fragment, before marks and escapes. */
const SNIPPET_LENGTH = 240;
/** A cut moves at most this far to fall between two words. */
const CUT_REACH = 24;
/** Long texts are scanned in windows: the first one that completes a stretch is the last one. */
const WINDOW = 256;
/** Windows of ASCII that are searched at once: looking for words in each of them by itself takes longer than in all. */
const WINDOWS_AT_ONCE = 4;
/** How far around the best stretch hits are marked, in the normal text, which may be longer than the visible one (`㎏` is `kg`). */
const MARKED_AROUND = 4 * SNIPPET_LENGTH;
/**
 * Maximum number of windows in which words are split, and of hits per term that are compared: bounds the work on
 * huge texts.
 */
const MOST_WINDOWS = 1_024;
const MOST_HITS = 32;

/** A place in a text: UTF-16 offsets, `end` exclusive. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** What a reader sees of a longer text. */
export interface Excerpt {
  /** Plain text in which runs of blanks and control characters are one blank; `…` where text was left out. */
  readonly text: string;
  /** The hits, as ranges of `text`, in order; they do not overlap. */
  readonly highlights: readonly TextRange[];
}

/**
 * The fragment with most of the query's terms, and the hits in it. Reads the texts in order and takes the first with a
 * hit, otherwise the beginning of the first non-empty one. Words are found in the normal form of a text (see normal.ts)
 * and shown in their original form, without terminal sequences.
 * @param length in UTF-16, without the `…`
 */
export function excerptOf(
  texts: readonly string[],
  terms: readonly QueryTerm[],
  { length = SNIPPET_LENGTH }: { readonly length?: number } = {},
): Excerpt {
  return excerptFor(texts, soughtOf(terms), length);
}

/** {@link excerptOf} for the same terms in many texts. */
export function excerpts(terms: readonly QueryTerm[]): (texts: readonly string[]) => Excerpt {
  const sought = soughtOf(terms);
  return (texts) => excerptFor(texts, sought, SNIPPET_LENGTH);
}

function excerptFor(texts: readonly string[], sought: readonly Sought[], length: number): Excerpt {
  for (const text of texts) {
    if (text === '') continue;
    const normal = normalise(text);
    const searched = searchedText(normal);
    const found = bestStretch(searched, sought);
    if (!found) continue;
    const { best } = found;
    const fragment = cut(normal.visible, normal.origin(best.start, best.end), length);
    return render(normal.visible, fragment, hitsShown(normal, searched, found, fragment, sought));
  }
  const text = visibleText(texts.find((candidate) => candidate.trim() !== '') ?? '');
  return render(text, cut(text, { start: 0, end: 0 }, length), []);
}

/** An excerpt as HTML: hits in `<mark>…</mark>`, everything else escaped. */
export function markedHtml({ text, highlights }: Excerpt): string {
  let html = '';
  let at = 0;
  for (const { start, end } of highlights) {
    html += `${escape(text.slice(at, start))}<mark>${escape(text.slice(start, end))}</mark>`;
    at = end;
  }
  return html + escape(text.slice(at));
}

/** {@link excerptOf} as HTML. */
export function snippet(texts: readonly string[], terms: readonly QueryTerm[]): string {
  return markedHtml(excerptOf(texts, terms));
}

/** All hits of a fragment of the visible text, also those around the stretch that it was chosen for. */
function hitsShown(
  normal: NormalText,
  searched: Searched,
  { best, known }: Found,
  fragment: Span,
  sought: readonly Sought[],
): readonly Span[] {
  if (!normal.isVisible) {
    const reach = { start: Math.max(0, best.start - MARKED_AROUND), end: best.end + MARKED_AROUND };
    return (hitsBetween(searched, reach, sought) ?? [])
      .map(({ start, end }) => normal.origin(start, end))
      .filter(({ start, end }) => start < fragment.end && end > fragment.start);
  }
  if (fragment.end > known.end) return hitsBetween(searched, fragment, sought) ?? [];
  return known.hits.filter(({ start }) => start >= fragment.start && start < fragment.end);
}

interface Found {
  readonly best: Span;
  /** All hits that begin before `end`. */
  readonly known: { readonly hits: readonly Hit[]; readonly end: number };
}

/** The first stretch that shows every term, otherwise the one that shows most; undefined if the text has no hit. */
function bestStretch(searched: Searched, sought: readonly Sought[]): Found | undefined {
  const { text, lower } = searched;
  const step = lower === undefined ? WINDOW : WINDOWS_AT_ONCE * WINDOW;
  const counts = sought.map(() => 0);
  const hits: Hit[] = [];
  const known = { hits: [] as Hit[], end: 0 };
  let open = sought;
  let windows = 0;
  for (let start = 0; start < text.length && windows < MOST_WINDOWS && open.length > 0; start += step) {
    const found = hitsBetween(searched, { start, end: start + step }, open);
    if (open === sought) {
      if (found) known.hits.push(...found);
      known.end = start + step;
    }
    if (!found) continue;
    windows += step / WINDOW;
    for (let next = 0; next < found.length;) {
      const end = windowEnd(found[next]!.start);
      const full = counts.map((count) => count >= MOST_HITS);
      for (; next < found.length && found[next]!.start < end; next += 1) {
        const hit = found[next]!;
        if (full[hit.term]) continue;
        counts[hit.term]! += 1;
        hits.push(hit);
      }
      if (counts.every((count) => count > 0)) {
        const best = densest(hits, sought.length);
        if (best.terms === sought.length) return { best, known };
      }
    }
    if (counts.some((count) => count >= MOST_HITS)) open = sought.filter(({ index }) => counts[index]! < MOST_HITS);
  }
  return hits.length > 0 ? { best: densest(hits, sought.length), known } : undefined;
}

function windowEnd(offset: number): number {
  return (Math.floor(offset / WINDOW) + 1) * WINDOW;
}

/** The first stretch of at most a fragment's length with most distinct terms, then most hits; and how many terms. */
function densest(hits: readonly Hit[], ofTerms: number): Span & { readonly terms: number } {
  /** How many hits of each term are in the stretch from `first` until before `next`. */
  const counts = new Array<number>(ofTerms).fill(0);
  let [terms, next] = [0, 0];
  let best = { first: 0, next: 0, terms: 0, score: 0 };
  for (let first = 0; first < hits.length; first += 1) {
    const limit = hits[first]!.start + SNIPPET_LENGTH;
    while (next < hits.length && (next === first || hits[next]!.end <= limit))
      if (counts[hits[next++]!.term]!++ === 0) terms += 1;
    const score = terms * hits.length + next - first;
    if (score > best.score) best = { first, next, terms, score };
    if (--counts[hits[first]!.term]! === 0) terms -= 1;
  }
  const { start } = hits[best.first]!;
  let end = start;
  for (let at = best.first; at < best.next; at += 1) end = Math.max(end, hits[at]!.end);
  return { start, end, terms: best.terms };
}

/** The fragment around a span: as much before as after, if available; cut between words. */
function cut(text: string, { start, end }: Span, length: number): Span {
  const spare = Math.max(0, length - (end - start));
  const before = Math.min(start, Math.max(Math.floor(spare / 3), spare - (text.length - end)));
  const from = start - before;
  const to = Math.min(text.length, from + Math.max(length, end - start));
  return {
    start: from === 0 ? 0 : cutForward(text, from, start),
    end: to === text.length ? to : cutBack(text, to, end),
  };
}

function cutForward(text: string, from: number, limit: number): number {
  const blank = text.slice(from, Math.min(limit, from + CUT_REACH)).search(/\s/);
  return blank < 0 ? graphemeBorder(text, from) : from + blank + 1;
}

function cutBack(text: string, to: number, limit: number): number {
  const reach = Math.max(limit, to - CUT_REACH);
  const blank = text.slice(reach, to).search(/\s\S*$/);
  return blank < 0 ? graphemeBorder(text, to) : reach + blank;
}

function render(visible: string, { start, end }: Span, hits: readonly Span[]): Excerpt {
  const [before, after] = [start > 0 ? '…' : '', end < visible.length ? '…' : ''];
  const shown = visible.slice(start, end).toWellFormed();
  // Most fragments are on one line, and then nothing moves in them.
  const lineOf = MORE_THAN_BLANKS.test(shown) ? onOneLine : undefined;
  let text = before;
  let at = start;
  const highlights: TextRange[] = [];
  for (const hit of hits) {
    const from = Math.max(hit.start, at);
    const to = Math.min(hit.end, end);
    if (hit.start < start || from >= to) continue;
    if (!lineOf) {
      const shift = before.length - start;
      highlights.push({ start: from + shift, end: to + shift });
    } else {
      text += lineOf(visible.slice(at, from));
      const first = text.length;
      text += lineOf(visible.slice(from, to));
      highlights.push({ start: first, end: text.length });
    }
    at = to;
  }
  return { text: (lineOf ? text + lineOf(visible.slice(at, end)) : before + shown) + after, highlights };
}

const MORE_THAN_BLANKS = /[[\s\p{Cc}]--[ ]]| {2}/v;

/** Runs of blanks and control characters become one blank. */
function onOneLine(text: string): string {
  const wellFormed = text.toWellFormed();
  if (!MORE_THAN_BLANKS.test(wellFormed)) return wellFormed;
  return wellFormed.replace(/[\s\p{Cc}]+/gu, ' ');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe inside an element and a quoted attribute. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
