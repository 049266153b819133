import { curationSequence, type Positions, type SessionState } from '@opensync/contracts';
import { AppError } from '@opensync/platform';

/**
 * The version of what people have said about a session. A sync does not change it: somebody who edits a session that
 * its agent still writes must not fail.
 */
export function etagOf(session: SessionState, positions: Pick<Positions, 'encode'>): string {
  return `"${positions.encode(curationSequence(session))}"`;
}

/** Whether a write that names versions may change a session as it is now. */
export type IfMatch = (session: SessionState) => boolean;

/** The condition of an `If-Match` header. A weak tag never matches, as HTTP says. */
export function ifMatchOf(header: string | undefined, positions: Pick<Positions, 'decode'>): IfMatch {
  if (header === undefined || header.trim() === '*') return () => true;
  const tags = header.split(',').map((tag) => /^"([^"]+)"$/.exec(tag.trim())?.[1]);
  const sequences = new Set(tags.map((tag) => (tag === undefined ? undefined : positions.decode(tag))));
  return (session) => sequences.has(curationSequence(session));
}

export function changedMeanwhile(): AppError {
  const message = 'is not the version that is stored; read the session again';
  return new AppError('CONFLICT', 'Somebody else has changed this session since you read it', {
    details: [{ path: 'If-Match', message }],
  });
}
