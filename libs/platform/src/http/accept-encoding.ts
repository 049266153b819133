/** Content codings for responses, best first: fastest at about the same size (see `compress.ts`). */
export const CODINGS = ['zstd', 'br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

const QUALITY = /^[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*$/i;

/**
 * The coding for an answer to a request with this `Accept-Encoding` (RFC 9110, 12.5.3): the client's preferred one,
 * for equal preference the first of CODINGS. Undefined: uncompressed, also for a client that would reject even that.
 */
export function codingFor(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const qualities = parse(acceptEncoding);
  const others = qualities.get('*') ?? 0;
  let best: Coding | undefined;
  // A coding is worth its cost unless the client prefers uncompressed content.
  let bestQuality = Math.max(qualities.get('identity') ?? 0, Number.MIN_VALUE);
  for (const coding of CODINGS) {
    const quality = qualities.get(coding) ?? others;
    if (quality > bestQuality || (best === undefined && quality === bestQuality)) {
      best = coding;
      bestQuality = quality;
    }
  }
  return best;
}

/** Every coding that a client accepts at all. */
export function codingsOf(acceptEncoding: string | string[] | undefined): ReadonlySet<string> {
  const qualities = parse([acceptEncoding ?? ''].flat().join());
  const others = qualities.get('*') ?? 0;
  return new Set(CODINGS.filter((coding) => (qualities.get(coding) ?? others) > 0));
}

function parse(header: string): ReadonlyMap<string, number> {
  const qualities = new Map<string, number>();
  for (const item of header.split(',')) {
    const [name = '', ...parameters] = item.split(';');
    const coding = name.trim().toLowerCase();
    if (coding === '') continue;
    qualities.set(coding === 'x-gzip' ? 'gzip' : coding, qualityOf(parameters));
  }
  return qualities;
}

/** 1 if none is given; an invalid quality accepts nothing, because uncompressed content is always safe. */
function qualityOf([parameter, ...others]: readonly string[]): number {
  if (parameter === undefined) return 1;
  const quality = others.length === 0 ? QUALITY.exec(parameter)?.[1] : undefined;
  return quality === undefined ? 0 : Number(quality);
}
