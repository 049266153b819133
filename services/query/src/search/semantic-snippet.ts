import { messageView, type MessageWithParts, type SessionView, type TextValue } from '@opensync/contracts';
import { snippet, type ParsedQuery } from '@opensync/stores';
import { textOf } from '../sessions/session-json.ts';

/** A piece of a message that was found by its meaning, with the query's words marked where it has them. */
export function messageSnippet(stored: MessageWithParts | undefined, query: ParsedQuery): string | undefined {
  if (!stored?.message) return undefined;
  const { text, parts } = messageView(stored.message, stored.parts);
  const words = textOf(
    shown(text),
    parts.map(({ type, content, contentRef }) => ({ type, content: contentRef ? contentRef.preview : content })),
  );
  return words === null ? undefined : snippet([words], query);
}

export function titleSnippet({ title, projectName }: SessionView, query: ParsedQuery): string {
  return snippet([title ?? projectName ?? ''], query);
}

/** Of large text the preview does: fetching megabytes for one line of a list would not. */
function shown(text: TextValue | null): string | null {
  return text === null || typeof text === 'string' ? text : text.preview;
}
