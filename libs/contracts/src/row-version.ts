import type { MessageHead } from './fold/message.ts';
import type { PartState } from './fold/part.ts';
import { sessionRank, type SessionState } from './fold/session.ts';

/**
 * Versions of index rows: sums over the sequences of all registers that a row reflects. A fold only ever raises
 * registers, so whatever the order of events, a row that reflects more has a higher version, and equal states have
 * equal versions. The highest sequence alone is not enough: an event that is folded after a later one changes the row
 * but not the maximum, and of two indexers that tie, the one with the older text may write last.
 * Exact up to 2^53: a message has at most 10,000 parts, so sequences may go to 2^39, which takes 17 years at a
 * thousand events per second.
 */

/**
 * Base of versions. A session's first sequence is subtracted, because it only falls, and versions must exceed the
 * maxima that earlier versions of the product used, at most the sum of two sequences.
 */
const BASE = 2 ** 41;

/** More than any sequence: a name of a higher rank raises the version, even if an earlier event brings it. */
const RANK = 2 ** 41;

/**
 * Increases when rows repeat more of a session, or say more of their message. Rows of an earlier format are written
 * again; this makes their versions lower.
 * 1: labels (provider, verdict, tags; role and tools of the message). 2: whether tools failed. 3: passages are embedded
 * under the title of their session.
 */
export const ROW_FORMAT = 3;

/** The version of the session data that index rows repeat, and of the session's own row: its whole heading. */
export function headingVersion(session: SessionState): number {
  const { sequences, span, rollup } = session;
  const { title, projectName, projectPath, source, messageSource, model, createdAt, visibility, trashedAt } = sequences;
  const { provider, evalStatus, evalTags, parentExternalId, forkedFromExternalId } = sequences;
  const ranks = sessionRank(session, 'title') + sessionRank(session, 'model') + sessionRank(session, 'provider');
  // If no client sent the creation time, it is the arrival of the first event, or follows from the messages.
  return (
    BASE +
    ROW_FORMAT -
    span.firstSequence +
    RANK * ranks +
    // Rows of a session that comes out of the trash are newer than those that were removed.
    sum([
      title,
      projectName,
      projectPath,
      source,
      messageSource,
      model,
      createdAt,
      visibility,
      trashedAt,
      provider,
      evalStatus,
      evalTags,
      parentExternalId,
      forkedFromExternalId,
      rollup.version,
      // Errors go when their message is sent again, which raises its version by two: by the message and the part that failed.
      rollup.hasErrors ? 1 : 0,
    ])
  );
}

/** What the parts of a message, including replaced ones, add to its version. */
export function partsVersion(parts: readonly Pick<PartState, 'sequence' | 'retired'>[]): number {
  // Retiring a part removes its content and keeps its sequence.
  return sum(parts.map(({ sequence, retired }) => sequence + (retired ? 1 : 0)));
}

/** The version of a message and its parts alone; `ofParts` is their {@link partsVersion}. */
export function messageVersion({ sequences }: MessageHead, ofParts: number): number {
  return sum([sequences.text, sequences.partCount, ofParts]);
}

interface WholeMessage {
  readonly message: MessageHead;
  readonly parts: readonly PartState[];
}

/**
 * The version of a message's index row, which reflects two things that change independently: the message and its
 * session's heading.
 */
export function messageRowVersion({ message, parts }: WholeMessage, session: SessionState): number {
  return headingVersion(session) + messageVersion(message, partsVersion(parts));
}

/**
 * The sequence of the first event that a message's index row reflects. A row with data from before a deletion has a
 * lower value than the deletion, a row of later events alone a higher one. Versions do not distinguish the two.
 */
export function firstSequenceOfRow({ message, parts }: WholeMessage, session: SessionState): number {
  const sequences = parts.map(({ sequence }) => sequence);
  return sequences.reduce(
    (first, sequence) => Math.min(first, sequence),
    Math.min(session.span.firstSequence, message.span.firstSequence),
  );
}

function sum(sequences: readonly (number | undefined)[]): number {
  return sequences.reduce<number>((total, sequence) => total + (sequence ?? 0), 0);
}
