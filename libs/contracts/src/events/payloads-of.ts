import type { NewEvent } from './event.ts';

/**
 * The SHA-256 of every payload that an event refers to, each once: large content and blobs. They are the owner's, and may be
 * deleted once no event of the owner names them any more. Pure.
 */
export function payloadsOf({ data }: Pick<NewEvent, 'data'>): string[] {
  const references = 'partId' in data ? [data.contentRef, data.extraRef] : 'messageId' in data ? [data.textRef] : [];
  const media = 'media' in data ? (data.media ?? []) : [];
  return [...new Set([...references, ...media].flatMap((reference) => (reference ? [reference.sha256] : [])))];
}
