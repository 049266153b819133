import { merged, replaced, type Finding, type SensitiveKind } from './finding.ts';
import { emails, hosts, paths } from './identity.ts';
import { patternSecrets } from './secrets/patterns.ts';
import { presetSecrets } from './secrets/preset.ts';

/** Finds names that only the caller knows; see `nameFinder`. */
export type FindNames = (text: string) => readonly Finding[];

export interface Wanted {
  readonly kinds: ReadonlySet<SensitiveKind>;
  readonly names?: FindNames | undefined;
}

/** Longer texts are searched in pieces, so that one text does not block the process; a secret across two pieces is in their overlap. */
const PIECE_CHARACTERS = 256 * 1024;
const OVERLAP_CHARACTERS = 4 * 1024;

const FINDERS: Readonly<Record<Exclude<SensitiveKind, 'name'>, (text: string) => Finding[]>> = {
  secret: (text) => [...presetSecrets(text), ...patternSecrets(text)],
  email: emails,
  path: paths,
  host: hosts,
};

/** What the text reveals, of the wanted kinds: in order, without overlaps. Pure. */
export function sensitiveParts(text: string, { kinds, names }: Wanted): Finding[] {
  const found: Finding[] = [];
  for (let from = 0; from < text.length; from += PIECE_CHARACTERS - OVERLAP_CHARACTERS) {
    const piece = text.slice(from, from + PIECE_CHARACTERS);
    for (const finding of inPiece(piece, kinds, names)) {
      found.push({ ...finding, start: finding.start + from, end: finding.end + from });
    }
    if (from + PIECE_CHARACTERS >= text.length) break;
  }
  return merged(found);
}

function inPiece(text: string, kinds: ReadonlySet<SensitiveKind>, names: FindNames | undefined): Finding[] {
  const found: Finding[] = [];
  for (const [kind, find] of Object.entries(FINDERS)) {
    // What a finder of e-mails finds beside them, such as the name before one, only counts if it is wanted.
    if (kinds.has(kind as SensitiveKind)) found.push(...find(text).filter((finding) => kinds.has(finding.kind)));
  }
  if (names && kinds.has('name')) found.push(...names(text));
  return found;
}

const ALL_KINDS: Wanted = { kinds: new Set(['secret', 'email', 'path', 'host', 'name']) };

/** The text with each finding of the wanted kinds replaced. */
export function redactText(
  text: string,
  replacement: (value: string, kind: SensitiveKind) => string,
  wanted: Wanted = ALL_KINDS,
): string {
  return replaced(text, sensitiveParts(text, wanted), replacement);
}

const PUBLIC: Wanted = { kinds: new Set(['secret', 'email', 'path']) };
const LABELS: Readonly<Record<SensitiveKind, string>> = {
  secret: '[secret removed]',
  email: '[e-mail removed]',
  path: '[path removed]',
  host: '[host removed]',
  name: '[name removed]',
};

/**
 * A text for a page that anybody may read: without secrets, e-mail addresses and absolute paths. Of a path its last segment stays, which
 * readers need to follow the session. Pure.
 */
export function redactForPublic(text: string, names?: FindNames): string {
  const wanted = names ? { kinds: new Set([...PUBLIC.kinds, 'name' as const]), names } : PUBLIC;
  return redactText(text, (value, kind) => (kind === 'path' ? `…/${lastSegment(value)}` : LABELS[kind]), wanted);
}

/** Its last segment is its user. */
const HOME_FOLDER = /^(?:~[^\\/]*|(?:[a-z]:)?[\\/]+(?:home|users)(?:[\\/]+[^\\/]+)?)[\\/]*$/i;

function lastSegment(path: string): string {
  const segments = path.split(/[\\/]+/).filter(Boolean);
  return HOME_FOLDER.test(path) ? '' : (segments.at(-1) ?? '');
}

/** A JSON value with every text in it changed, keys included: a path may be a key. Pure. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]));
}
