import type { MediaReference } from '@opensync/contracts';

/** A blob as the API shows it. */
export interface MediaJson {
  readonly mediaType: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly name?: string;
  /** The URL of its bytes, for readers of the session. */
  readonly url: string;
}

export function mediaUrl(sessionId: string, sha256: string): string {
  return `/api/sessions/${sessionId}/media/${sha256}`;
}

/** Each blob once, however often it occurs. */
export function mediaJson(sessionId: string, media: readonly MediaReference[]): MediaJson[] {
  const once = new Map(media.map((reference) => [reference.sha256, reference]));
  return [...once.values()].map(({ mediaType, sha256, size, name }) => ({
    mediaType,
    sha256,
    size,
    ...(name !== undefined && { name }),
    url: mediaUrl(sessionId, sha256),
  }));
}
