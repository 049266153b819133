import type { MessageSynced } from '../events/schemas.ts';
import { promptTitle } from '../naming/prompt-title.ts';

/** Whether a message is a person's, by its role: agents call them `user`, some exports `human`. */
export function isPersons(role: string | undefined): boolean {
  return role !== undefined && /^(?:user|human)$/i.test(role.trim());
}

/**
 * What a person says in a message, as a title: what the gateway has put into the event, else from the text in it. Empty where
 * nothing is said; undefined where the event says nothing of it, which leaves alone what earlier ones said.
 */
export function promptOfEvent({ role, prompt, textContent, textRef }: MessageSynced): string | undefined {
  if (prompt !== undefined) return prompt;
  const text = textContent ?? textRef?.preview;
  if (text === undefined || (role !== undefined && !isPersons(role))) return undefined;
  return promptTitle(text) ?? '';
}
