import type { MessageSynced } from '../events/schemas.ts';
import { promptOf } from '../naming/prompt-title.ts';

/** Whether a message is a person's, by its role: agents call them `user`, some exports `human`. */
export function isPersons(role: string | undefined): boolean {
  return role !== undefined && /^(?:user|human)$/i.test(role.trim());
}

/**
 * The beginning of what a person says in a message: what the gateway has put into the event, else from the text in it. Empty where
 * nothing is said; undefined where the event says nothing of it, or not whose message it is: that leaves alone what others said.
 */
export function promptOfEvent({ role, prompt, textContent, textRef }: MessageSynced): string | undefined {
  if (prompt !== undefined) return prompt;
  const text = textContent ?? textRef?.preview;
  if (text === undefined || !isPersons(role)) return undefined;
  return promptOf(text) ?? '';
}
