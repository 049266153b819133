export { cleanJson, type Warning } from './clean.ts';
export type { MediaContent } from './files.ts';
export { PART_TYPES, type PartType } from './kinds.ts';
export { mediaReferenceSchema, tokensIn, withoutTokens, type MediaReference } from './media.ts';
export { mediaTypeOf, OCTET_STREAM, RASTER_TYPES, sniffMediaType } from './media-type.ts';
export { normalizePart, normalizeParts, type NormalizedPart, type NormalizedParts } from './normalize.ts';
export { lengthAsSent, mediaAsSent, mediaAsSentJson, putBack } from './put-back.ts';
export { takeOutOfText, type Blob } from './take-out.ts';
export { UNNAMED_TOOL } from './tools.ts';
