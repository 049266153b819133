/** A media type without parameters, and short enough for a header. */
const MEDIA_TYPE = /^[a-z\d][\w.+-]{0,126}\/[a-z\d][\w.+-]{0,126}$/i;
/** The type of content that is not recognised. */
export const OCTET_STREAM = 'application/octet-stream';

/** Raster images that browsers show; nothing in them is ever run. */
export const RASTER_TYPES: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
]);

/** Names for one type, and the one that is kept. */
const ALIASES: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
  'image/x-ms-bmp': 'image/bmp',
  'image/vnd.microsoft.icon': 'image/x-icon',
  'audio/mp3': 'audio/mpeg',
  'audio/x-mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'audio/x-flac': 'audio/flac',
  'audio/x-m4a': 'audio/mp4',
  'audio/m4a': 'audio/mp4',
  'audio/x-aac': 'audio/aac',
  'application/x-pdf': 'application/pdf',
  'application/x-gzip': 'application/gzip',
};

/** File extensions, as `format` fields have them, that are not the second half of their type already. */
const FORMATS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  heic: 'image/heic',
  bmp: 'image/bmp',
  tiff: 'image/tiff',
  svg: 'image/svg+xml',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  m4a: 'audio/mp4',
  pcm16: 'audio/pcm',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  pdf: 'application/pdf',
  csv: 'text/csv',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** A declared type in its stored form; undefined if it is not a media type. Parameters (`;charset=…`) are left out. */
export function mediaTypeOf(declared: unknown): string | undefined {
  if (typeof declared !== 'string' || declared.length > 512) return undefined;
  const type = declared.split(';', 1)[0]!.trim().toLowerCase();
  if (!MEDIA_TYPE.test(type)) return undefined;
  return Object.hasOwn(ALIASES, type) ? ALIASES[type] : type;
}

/** The type that a `format` (a file extension) stands for. */
export function mediaTypeOfFormat(format: unknown): string | undefined {
  if (typeof format !== 'string') return undefined;
  const extension = format.toLowerCase();
  return Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined;
}

/** Whether content of this type is text, so that base64 bytes are not expected where text may be. */
export function isTextual(type: string): boolean {
  return /^text\/|^application\/(?:.+\+)?(json|xml|yaml|javascript|typescript|x-sh|sql|toml)$/.test(type);
}

interface Signature {
  readonly type: string;
  /** Latin-1 characters that the bytes have at `at`, `?` for any. */
  readonly magic: string;
  readonly at?: number;
}

/** In this order: what is more specific comes first. */
const SIGNATURES: readonly Signature[] = [
  { type: 'image/png', magic: '\x89PNG\r\n\x1a\n' },
  { type: 'image/jpeg', magic: '\xff\xd8\xff' },
  { type: 'image/gif', magic: 'GIF87a' },
  { type: 'image/gif', magic: 'GIF89a' },
  { type: 'image/webp', magic: 'RIFF????WEBP' },
  { type: 'audio/wav', magic: 'RIFF????WAVE' },
  { type: 'video/x-msvideo', magic: 'RIFF????AVI ' },
  { type: 'image/avif', magic: 'ftypavif', at: 4 },
  { type: 'image/avif', magic: 'ftypavis', at: 4 },
  { type: 'image/heic', magic: 'ftyphei', at: 4 },
  { type: 'image/heic', magic: 'ftypmif1', at: 4 },
  { type: 'audio/mp4', magic: 'ftypM4A', at: 4 },
  { type: 'video/quicktime', magic: 'ftypqt', at: 4 },
  { type: 'video/mp4', magic: 'ftyp', at: 4 },
  { type: 'image/tiff', magic: 'II*\x00' },
  { type: 'image/tiff', magic: 'MM\x00*' },
  { type: 'image/x-icon', magic: '\x00\x00\x01\x00' },
  { type: 'application/pdf', magic: '%PDF-' },
  { type: 'video/webm', magic: '\x1aE\xdf\xa3' },
  { type: 'audio/ogg', magic: 'OggS' },
  { type: 'audio/flac', magic: 'fLaC' },
  { type: 'audio/mpeg', magic: 'ID3' },
  { type: 'audio/aiff', magic: 'FORM????AIFF' },
  { type: 'audio/midi', magic: 'MThd' },
  { type: 'application/zip', magic: 'PK\x03\x04' },
  { type: 'application/gzip', magic: '\x1f\x8b\x08' },
  { type: 'application/zstd', magic: '\x28\xb5\x2f\xfd' },
  { type: 'application/x-xz', magic: '\xfd7zXZ\x00' },
  { type: 'application/x-7z-compressed', magic: "7z\xbc\xaf'\x1c" },
  { type: 'application/vnd.sqlite3', magic: 'SQLite format 3\x00' },
  { type: 'application/wasm', magic: '\x00asm' },
  { type: 'font/woff2', magic: 'wOF2' },
  { type: 'font/woff', magic: 'wOFF' },
];

/** The type that the first bytes identify; undefined if they identify none. 32 bytes are enough. */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  for (const { type, magic, at = 0 } of SIGNATURES) if (startsWith(bytes, magic, at)) return type;
  // Two letters alone prove little, so the header's own length field must be plausible.
  if (startsWith(bytes, 'BM??????', 0) && bytes[6] === 0 && bytes[7] === 0 && bytes[8] === 0) return 'image/bmp';
  if (isMpegAudio(bytes)) return 'audio/mpeg';
  return undefined;
}

function startsWith(bytes: Uint8Array, magic: string, at: number): boolean {
  if (bytes.length < at + magic.length) return false;
  for (let index = 0; index < magic.length; index += 1) {
    if (magic[index] !== '?' && bytes[at + index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}

/** A frame of MPEG audio, layer III, with a valid bit rate and sampling rate. */
function isMpegAudio([sync, kind, rates]: Uint8Array): boolean {
  if (sync !== 0xff || kind === undefined || rates === undefined) return false;
  return (
    (kind & 0xe6) === 0xe2 &&
    (kind & 0x18) !== 0x08 &&
    rates >> 4 !== 0xf &&
    rates >> 4 !== 0 &&
    (rates & 0x0c) !== 0x0c
  );
}

/** Containers whose first bytes do not identify their content: a declared type of these families is more precise. */
const CONTAINERS: Readonly<Record<string, RegExp>> = {
  'application/zip': /^application\/|^model\/|\+zip$/,
  'video/mp4': /^(audio|video)\/(mp4|x-m4v|3gpp|3gpp2)$|^image\/hei[cf]/,
  'video/webm': /^(audio|video)\/(webm|x-matroska)$/,
  'audio/ogg': /^(audio|video|application)\/(ogg|opus)$/,
  'application/gzip': /^application\/|\+gzip$/,
  'image/heic': /^image\/hei[cf](-sequence)?$/,
  'application/vnd.sqlite3': /^application\//,
  'image/tiff': /^image\//,
};

/** The type to keep: the detected one if it is more specific than, or different from, the declared one. */
export function resolveMediaType(declared: string | undefined, bytes: Uint8Array): string {
  const sniffed = sniffMediaType(bytes);
  if (sniffed === undefined) return declared ?? OCTET_STREAM;
  if (declared !== undefined && declared !== OCTET_STREAM && CONTAINERS[sniffed]?.test(declared)) return declared;
  return sniffed;
}
