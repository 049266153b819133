import { setTimeout as delay } from 'node:timers/promises';
import { isRetryable } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import { DeadLetters, type LetterFacts } from './dead-letters.ts';
import { requestReplay } from './replay.ts';

const EVERY_MS = 60_000;
const PAGE = 100;
/** Letters that are remembered for a later replay; beyond this an operator has to look anyway. */
const MOST_WAITING = 10_000;

export interface SelfReplayOptions {
  readonly consumers: readonly string[];
  /** When a letter should be replayed, milliseconds since the epoch; undefined: only by an operator. */
  readonly replayAt: (letter: LetterFacts) => number | undefined;
  /** Called with each letter that was processed. */
  readonly onProcessed?: (letter: LetterFacts) => void;
  /** Called with an error that is no outage. */
  readonly onFailure?: (error: unknown) => void;
  readonly everyMs?: number;
}

/**
 * Replays the dead letters that need no operator: events that a newer process understands, or texts that a model may
 * accept later. Reads each letter once and remembers only those that are due later. Returns a function that ends it.
 */
export function replayByItself(
  nc: LogConnection,
  { consumers, replayAt, onProcessed, onFailure, everyMs = EVERY_MS }: SelfReplayOptions,
): () => Promise<void> {
  const deadLetters = new DeadLetters(nc);
  const stopping = new AbortController();
  const waiting = new Map<number, LetterFacts & { readonly dueAt: number }>();
  let seen = 0;

  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await readNew();
        await replayDue();
      } catch (error) {
        // The log is unavailable: retry later. Any other error is a bug, which must end neither the process nor the
        // next attempt.
        if (!isRetryable(error)) onFailure?.(error);
      }
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const readNew = async () => {
    for (;;) {
      const page = await deadLetters.list({ after: seen, limit: PAGE });
      for (const letter of page) {
        seen = letter.sequence;
        const dueAt = consumers.includes(letter.consumer) ? replayAt(letter) : undefined;
        if (dueAt !== undefined && waiting.size < MOST_WAITING) waiting.set(letter.sequence, { ...letter, dueAt });
      }
      if (page.length < PAGE || stopping.signal.aborted) return;
    }
  };
  const replayDue = async () => {
    for (const letter of [...waiting.values()].filter(({ dueAt }) => dueAt <= Date.now())) {
      if (stopping.signal.aborted) return;
      const outcome = await requestReplay(nc, letter);
      // No process can handle it now: the others would wait for the same.
      if (outcome.kind === 'unavailable') return;
      // A letter that failed again is at the end of the stream and is read like a new one.
      waiting.delete(letter.sequence);
      if (outcome.kind === 'processed') onProcessed?.(letter);
    }
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
