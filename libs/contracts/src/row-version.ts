import type { MessageHead } from './fold/message.ts';
import type { PartState } from './fold/part.ts';
import { sessionRank, type SessionState } from './fold/session.ts';

/**
 * Versions of index rows: sums over the sequences of all registers that a row says something of. A fold only ever
 * raises those, so whatever order events come in, a row that says more has a higher version, and equal states have
 * equal ones. The highest sequence alone would not do: an event that is folded after a later one changes the row and
 * not the maximum, and of two indexers that tie the one with the older text may come last.
 *
 * Exact up to 2^53: a message has at most 10,000 parts, so sequences may go to 2^39, which a thousand events a second
 * reach in 17 years.
 */

/**
 * What versions begin with. A session's first sequence counts against them, since it only falls, and they must be
 * higher than the maxima by which rows were versioned once, at most the sum of two sequences.
 */
const BASE = 2 ** 41;

/** More than any sequence: a name of a higher rank makes a higher version, though an earlier event brings it. */
const RANK = 2 ** 41;

/** The version of what index rows repeat of a session, and of the session's own row: all of its heading. */
export function headingVersion(session: SessionState): number {
  const { sequences, span, rollup } = session;
  const { title, projectName, projectPath, source, messageSource, model, createdAt, visibility } = sequences;
  const ranks = sessionRank(session, 'title') + sessionRank(session, 'model');
  // Where no client said when it was created, that is when its first event arrived, or what its messages say.
  return (
    BASE -
    span.firstSequence +
    RANK * ranks +
    sum([title, projectName, projectPath, source, messageSource, model, createdAt, visibility, rollup.version])
  );
}

/** What the parts of a message, replaced ones included, add to its version. */
export function partsVersion(parts: readonly Pick<PartState, 'sequence' | 'retired'>[]): number {
  // Retiring a part removes its content and keeps its sequence.
  return sum(parts.map(({ sequence, retired }) => sequence + (retired ? 1 : 0)));
}

/** The version of what a message and its parts say by themselves; `ofParts` is their {@link partsVersion}. */
export function messageVersion({ sequences }: MessageHead, ofParts: number): number {
  return sum([sequences.text, sequences.partCount, ofParts]);
}

interface WholeMessage {
  readonly message: MessageHead;
  readonly parts: readonly PartState[];
}

/** The version of a message's index row, which says two things that change apart: the message and its session's heading. */
export function messageRowVersion({ message, parts }: WholeMessage, session: SessionState): number {
  return headingVersion(session) + messageVersion(message, partsVersion(parts));
}

/**
 * The first event that a message's index row says something of, by its sequence. A row with anything from before a deletion has a
 * lower one than the deletion, and a row that is made of later events alone a higher one: versions do not tell those two apart.
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
