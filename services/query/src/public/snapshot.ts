import { sessionView, type MessageView, type SessionState } from '@opensync/contracts';
import { redactForPublic } from '@opensync/redaction';
import { z } from 'zod';
import type { QueryResources } from '../resources.ts';
import { readMessages } from '../sessions/read-session.ts';

const messageSchema = z.strictObject({
  role: z.string(),
  createdAt: z.int().nonnegative(),
  text: z.string(),
  /** The names of the tools that it called, without arguments and results. */
  tools: z.array(z.string()).optional(),
});

/** What anyone with the link may read: nothing of it names the owner, their project or their machine. */
export const snapshotSchema = z.strictObject({
  title: z.string().nullable(),
  source: z.string(),
  model: z.string().nullable(),
  createdAt: z.int().nonnegative(),
  publishedAt: z.int().nonnegative(),
  messages: z.array(messageSchema),
  /** Messages that did not fit. */
  omittedMessages: z.int().nonnegative(),
});
export type Snapshot = z.infer<typeof snapshotSchema>;
type SnapshotMessage = z.infer<typeof messageSchema>;

/** A snapshot is made, stored and read as a whole. */
export const SNAPSHOT_BYTES = 2 * 1024 * 1024;
const MOST_MESSAGES = 5_000;
const MOST_TOOLS = 100;
const LONGEST_TEXT = 64 * 1024;
const LONGEST_NAME = 200;

/**
 * The session as it is now, redacted: texts without secrets, e-mail addresses and paths; of tools only their names; no
 * reasoning, images, files, ids or project. What does not fit is left out at the end, and counted.
 */
export async function snapshotOf(
  { documents }: Pick<QueryResources, 'documents'>,
  session: SessionState,
  now: number,
): Promise<Snapshot> {
  const { title, source, model, createdAt, messageCount } = sessionView(session);
  const messages: SnapshotMessage[] = [];
  const range = { first: [], after: undefined, limit: MOST_MESSAGES - 1 };
  let read = 0;
  let bytes = 0;
  for await (const { view } of readMessages(documents, session.owner, session.id, range)) {
    const message = publicMessage(view);
    const size = message ? Buffer.byteLength(JSON.stringify(message)) : 0;
    if (bytes + size > SNAPSHOT_BYTES) break;
    bytes += size;
    read++;
    if (message) messages.push(message);
  }
  return {
    title: title === null ? null : redactForPublic(title),
    source: name(source),
    model: model === null ? null : name(model),
    createdAt,
    publishedAt: now,
    messages,
    omittedMessages: Math.max(0, messageCount - read),
  };
}

/** Undefined for a message of which nothing is shown, such as one with results of tools alone. */
function publicMessage({ role, createdAt, text, parts }: MessageView): SnapshotMessage | undefined {
  const own = typeof text === 'string' ? text : (text?.preview ?? '');
  const ofParts = parts.flatMap(({ type, content, contentRef }) => {
    if (type !== 'text') return [];
    return typeof content === 'string' ? [content] : contentRef?.readable ? [contentRef.preview] : [];
  });
  // Plugins send a text as the text, as parts, or as both.
  const shown = (own.trim() === '' ? ofParts.join('\n\n') : own).slice(0, LONGEST_TEXT).toWellFormed();
  const tools = parts.flatMap(({ type, content }) => (type === 'tool-call' ? [toolNameOf(content)] : []));
  if (shown.trim() === '' && tools.length === 0) return undefined;
  return {
    role: name(role),
    createdAt,
    text: redactForPublic(shown),
    ...(tools.length > 0 && { tools: tools.slice(0, MOST_TOOLS) }),
  };
}

function toolNameOf(content: unknown): string {
  const { toolName } = (content ?? {}) as { readonly toolName?: unknown };
  return typeof toolName === 'string' ? name(toolName) : 'tool';
}

/** A name that a plugin chose may hold anything. */
function name(value: string): string {
  return redactForPublic(value.slice(0, LONGEST_NAME).toWellFormed());
}
