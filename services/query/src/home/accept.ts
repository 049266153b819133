/**
 * Whether a client prefers JSON to HTML, by its Accept header. A browser asks for HTML, and a client that accepts
 * anything gets it, too; one that names JSON gets JSON.
 */
export function prefersJson(accept = ''): boolean {
  const ranges = accept.split(',').map(readRange);
  const json = preference(ranges, 'application/json');
  const html = preference(ranges, 'text/html');
  return json.quality > html.quality || (json.quality === html.quality && json.precision > html.precision);
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { type, quality: Number.isFinite(quality) ? quality : 0 };
}

/** The preference for a media type: by the range that names it most precisely. */
function preference(ranges: readonly Range[], mediaType: string): { quality: number; precision: number } {
  const names = ['*/*', `${mediaType.split('/')[0]}/*`, mediaType];
  for (let precision = names.length - 1; precision >= 0; precision--) {
    const range = ranges.find(({ type }) => type === names[precision]);
    if (range) return { quality: range.quality, precision: range.quality > 0 ? precision : 0 };
  }
  return { quality: 0, precision: 0 };
}
