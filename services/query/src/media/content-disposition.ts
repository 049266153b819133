/** Extensions for files that were sent without a name. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/svg+xml': 'svg',
  'application/pdf': 'pdf',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/ogg': 'ogg',
  'audio/mp4': 'm4a',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'text/plain': 'txt',
  'application/json': 'json',
  'application/zip': 'zip',
};

const LONGEST_NAME = 120;

/**
 * The header's value (RFC 6266): the file's name without folders and without characters with a meaning to a file
 * system or a shell, in ASCII for old clients and in full for others.
 */
export function contentDisposition(
  kind: 'inline' | 'attachment',
  { name, mediaType, sha256 }: { readonly name?: string; readonly mediaType: string; readonly sha256: string },
): string {
  const extension = EXTENSIONS[mediaType];
  const safe = safeName(name ?? '') || `${sha256.slice(0, 12)}${extension === undefined ? '' : `.${extension}`}`;
  const ascii = safe.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const header = `${kind}; filename="${ascii}"`;
  return ascii === safe ? header : `${header}; filename*=UTF-8''${encoded(safe)}`;
}

function safeName(name: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).at(-1)!;
  return last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"|?*]/gu, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '')
    .slice(-LONGEST_NAME)
    .toWellFormed();
}

/** As `encodeURIComponent`, with those characters encoded that RFC 8187 does not take. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
