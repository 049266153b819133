import { isObject, withoutNulls, type Json, type JsonObject } from './json.ts';
import { mediaTypeOf } from './media-type.ts';
import type { MediaReference } from './media.ts';
import type { Readable } from './texts.ts';

/**
 * Content of a media part. Its bytes are in the payload store under `sha256`. If only an address was sent, it has
 * `uri` instead of `sha256` and `size`, and nothing was fetched.
 */
export interface MediaContent {
  readonly mediaType?: string;
  readonly sha256?: string;
  readonly size?: number;
  readonly name?: string;
  readonly uri?: string;
}

/** Where a file may lie within a part. */
const WRAPPERS = [
  'source',
  'file',
  'image_url',
  'image',
  'audio',
  'video',
  'document',
  'resource',
  'fileData',
  'file_data',
];
const ADDRESS_FIELDS = [
  'url',
  'uri',
  'image_url',
  'imageUrl',
  'file_url',
  'video_url',
  'audio_url',
  'fileUri',
  'file_uri',
  'image',
];
const TYPE_FIELDS = ['mediaType', 'media_type', 'mimeType', 'mime_type', 'mime'];
const NAME_FIELDS = ['filename', 'fileName', 'file_name', 'name', 'title'];
const LONGEST_ADDRESS = 4096;

/** Content of a part whose bytes were extracted: the first blob is the file; others are previews. */
export function mediaContent({ mediaType, sha256, size, name }: MediaReference): Json {
  return { mediaType, sha256, size, ...(name !== undefined && { name }) };
}

/** Content of a part that was sent as an address; undefined if it has none. */
export function addressedContent(part: JsonObject): Json | undefined {
  const places = placesIn(part);
  const uri = find(places, ADDRESS_FIELDS, (value) =>
    typeof value === 'string' && value.length <= LONGEST_ADDRESS && /^(?!data:)[a-z][a-z\d+.-]*:\S+$/i.test(value)
      ? value
      : undefined,
  );
  if (uri === undefined) return undefined;
  const mediaType = find(places, TYPE_FIELDS, mediaTypeOf);
  const name = find(places, NAME_FIELDS, (value) => (typeof value === 'string' && value !== '' ? value : undefined));
  return { ...(mediaType !== undefined && { mediaType }), uri, ...(name !== undefined && { name }) };
}

/** The text of a document that was sent as text; undefined if there is none. */
export function documentText(part: JsonObject): Readable | undefined {
  const { source, resource } = part;
  if (isObject(source) && source.type === 'text' && typeof source.data === 'string') {
    const { data, ...others } = source;
    return { text: data, extra: withoutNulls({ ...part, source: others }) };
  }
  if (isObject(resource) && typeof resource.text === 'string') {
    const { text, ...others } = resource;
    return { text, extra: withoutNulls({ ...part, resource: others }) };
  }
  if (typeof part.text === 'string') {
    const { text, ...others } = part;
    return { text, extra: withoutNulls(others) };
  }
  return undefined;
}

/** The part and what it wraps, the outermost first. */
function placesIn(part: JsonObject): JsonObject[] {
  const inner = WRAPPERS.flatMap((name) => (isObject(part[name]) ? [part[name] as JsonObject] : []));
  return [part, ...inner];
}

function find(
  places: readonly JsonObject[],
  names: readonly string[],
  read: (value: Json) => string | undefined,
): string | undefined {
  for (const place of places) {
    for (const name of names) {
      const value = place[name] === undefined ? undefined : read(place[name]);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}
