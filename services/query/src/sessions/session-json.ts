import type { MessageView, PartView, SessionView } from '@opensync/contracts';

/** A session as the API shows it. OpenSync's clients read `id` from some answers and `_id` from others. */
export type SessionJson = SessionView & { readonly _id: string };

export interface PartJson extends Pick<PartView, 'id' | 'type' | 'content' | 'order'> {
  readonly _id: string;
  /** The content is lost; what stands there is its beginning, as text. */
  readonly contentLost?: true;
}

export interface MessageJson extends Omit<MessageView, 'text' | 'parts'> {
  readonly _id: string;
  /** Null where the message has no words at all, only tool calls for instance. */
  readonly textContent: string | null;
  /** The text is lost; what stands there is its beginning. */
  readonly textContentLost?: true;
  readonly parts: readonly PartJson[];
}

export function sessionJson(view: SessionView): SessionJson {
  return { _id: view.id, ...view };
}

export interface CompletePart extends Omit<PartView, 'contentRef'> {
  readonly lost?: true;
}

/** A message whose large content is in place, or the preview of what is lost. */
export interface CompleteMessage extends Omit<MessageView, 'text' | 'parts'> {
  readonly text: string | null;
  readonly textLost?: true;
  readonly parts: readonly CompletePart[];
}

export function messageJson({ text, textLost, parts, ...message }: CompleteMessage): MessageJson {
  return {
    _id: message.id,
    ...message,
    textContent: textOf(text, parts),
    ...(textLost && { textContentLost: true }),
    parts: parts.map(({ id, type, content, order, lost }) => ({
      _id: id,
      id,
      type,
      content,
      order,
      ...(lost && { contentLost: true }),
    })),
  };
}

/** The message's own text; where that is missing or empty, the text of its text parts. */
export function textOf(text: string | null, parts: readonly Pick<PartView, 'type' | 'content'>[]): string | null {
  if (text) return text;
  const texts = parts.flatMap(({ type, content }) => (type === 'text' && typeof content === 'string' ? content : []));
  return texts.length > 0 ? texts.join('\n') : text;
}
