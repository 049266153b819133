/** The requested part of a content: all of it, a part (`end` exclusive), or an unsatisfiable range. */
export type RangeAsked = 'whole' | 'unsatisfiable' | { readonly start: number; readonly end: number };

const RANGE = /^bytes=(\d*)-(\d*)$/i;

/**
 * The range that a `Range` header requests of a content with this size (RFC 9110, 14.2). For several ranges, and for
 * invalid ones, everything is sent: a client must be ready for that.
 * @param ifRange the `If-Range` header: unless it is the content's own ETag, everything is sent
 */
export function rangeAsked(
  size: number,
  { range, ifRange, etag }: { range: string | undefined; ifRange: string | undefined; etag: string },
): RangeAsked {
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return 'whole';
  const [, first, last] = RANGE.exec(range.trim()) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Number(last) + 1;
  if (last !== '' && end <= start) return 'whole';
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size) };
}

/** Whether an `If-None-Match` header names the content, weakly or not. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
