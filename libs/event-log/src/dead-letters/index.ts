export {
  DEAD_LETTER_KINDS,
  DeadLetters,
  type DeadLetter,
  type DeadLetterKind,
  type LetterFacts,
} from './dead-letters.ts';
export { replayByItself } from './self-replay.ts';
export { requestReplay, type ReplayOutcome } from './replay.ts';
