import type { MessageSynced } from '../events/schemas.ts';
import { promptOf } from '../naming/prompt-title.ts';
import type { MessageHead } from './message.ts';

/** The head of a message holds a complete text of up to this many characters (UTF-16). */
export const WHOLE_IN_HEAD = 1_024;

/** Whether a message is a person's, by its role: agents call them `user`, some exports `human`. */
export function isPersons(role: string | undefined): boolean {
  return role === 'user' || role === 'human' || /^(?:user|human)$/i.test(role ?? '');
}

/**
 * The beginning of the person's own text in a message, stored beside the text: the gateway's value from the event,
 * otherwise taken from a long text. A short text is in the message's head and needs no copy. Empty if there is none;
 * undefined if the event does not say.
 */
export function promptOfEvent({ role, prompt, textContent, textRef }: MessageSynced): string | undefined {
  if (prompt !== undefined) return prompt;
  const isWhole = textContent !== undefined && textContent.length <= WHOLE_IN_HEAD;
  const text = textContent ?? textRef?.preview;
  if (text === undefined || isWhole || (role !== undefined && !isPersons(role))) return undefined;
  return promptOf(text) ?? '';
}

/** The beginning of the person's own text in a message; null if there is none. The newer of prompt and text decides. */
export function promptOfMessage({ fields, sequences }: Pick<MessageHead, 'fields' | 'sequences'>): string | null {
  const { role, text, prompt } = fields;
  if (!isPersons(role)) return null;
  if (prompt !== undefined && sequences.prompt! >= (sequences.text ?? 0)) return prompt || null;
  return typeof text === 'string' && text.length <= WHOLE_IN_HEAD ? (promptOf(text) ?? null) : null;
}
