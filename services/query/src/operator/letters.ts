import { isUtf8 } from 'node:buffer';
import { parseChangeSubject, parseEventSubject, type Owner } from '@opensync/contracts';
import type { DeadLetters, LetterFacts, ReplayOutcome } from '@opensync/event-log/dead-letters';
import { PayloadLostError } from '@opensync/event-log/payloads';

/** A letter as operators name it. */
export function namedLetter({ sequence: id, headers: _headers, ...facts }: LetterFacts) {
  return { id, ...facts, documentId: facts.documentId ?? null };
}

/** Whose event or change it was; undefined for what has no owner. */
export function ownerOfLetter({ originalSubject }: Pick<LetterFacts, 'originalSubject'>): Owner | undefined {
  return parseEventSubject(originalSubject)?.owner ?? parseChangeSubject(originalSubject);
}

/** A body, or why there is none. */
export type LetterBody = { readonly body: string } | { readonly base64: string } | { readonly lost: string };

/** A lost body must not hide the other facts about the letter. @param mostBytes of the body; the rest is cut off */
export async function bodyOfLetter(
  deadLetters: Pick<DeadLetters, 'get'>,
  sequence: number,
  mostBytes = Infinity,
): Promise<LetterBody> {
  try {
    const whole = Buffer.from((await deadLetters.get(sequence))?.body ?? []);
    if (!isUtf8(whole)) return { base64: whole.subarray(0, mostBytes).toString('base64') };
    return { body: beginningOf(whole, mostBytes) };
  } catch (error) {
    if (error instanceof PayloadLostError) return { lost: error.message };
    throw error;
  }
}

/** Cut between two characters. */
export function beginningOf(text: Buffer, mostBytes: number): string {
  if (text.length <= mostBytes) return text.toString('utf8');
  let end = mostBytes;
  while ((text[end]! & 0b1100_0000) === 0b1000_0000) end--;
  return text.toString('utf8', 0, end);
}

/** What came of a letter that was to be replayed. */
export type Replayed = { readonly id: number } & (ReplayOutcome | { readonly kind: 'later' });

/**
 * Replays letters one after the other. The rest is left for later when its time is up, or when no projector can process
 * one: the others would fail for the same reason.
 */
export async function* replayLetters(
  {
    deadLetters,
    replay,
  }: { deadLetters: Pick<DeadLetters, 'facts'>; replay: (letter: LetterFacts) => Promise<ReplayOutcome> },
  sequences: AsyncIterable<number> | Iterable<number>,
  { until = Infinity, now = Date.now }: { readonly until?: number; readonly now?: () => number } = {},
): AsyncGenerator<Replayed> {
  let isOver = false;
  for await (const sequence of sequences) {
    isOver ||= now() >= until;
    if (isOver) {
      yield { id: sequence, kind: 'later' };
      continue;
    }
    const letter = await deadLetters.facts(sequence);
    const outcome: ReplayOutcome = letter ? await replay(letter) : { kind: 'missing' };
    yield { id: sequence, ...outcome };
    isOver = outcome.kind === 'unavailable';
  }
}
