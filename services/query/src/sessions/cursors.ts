import { AppError } from '@opensync/platform';
import { z } from 'zod';

/** Where a list of sessions goes on: with which sort, and after which session. */
const sessionCursorSchema = z.tuple([
  z.enum(['createdAt', 'updatedAt']),
  z.enum(['asc', 'desc']),
  z.int().nonnegative(),
  z.string().startsWith('ses_'),
]);
export type SessionCursor = z.infer<typeof sessionCursorSchema>;

/** Where a session's messages go on: after the one with this creation time and arrival sequence. */
const messageCursorSchema = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
export type MessageCursor = z.infer<typeof messageCursorSchema>;

/** Opaque to clients, so that what pages are cut by can change. Not a secret: it holds only what the page showed. */
export function encodeCursor(cursor: SessionCursor | MessageCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

export function decodeSessionCursor(cursor: string): SessionCursor {
  return decode(sessionCursorSchema, cursor, 'cursor');
}

export function decodeMessageCursor(cursor: string): MessageCursor {
  return decode(messageCursorSchema, cursor, 'messageCursor');
}

function decode<Cursor>(schema: z.ZodType<Cursor>, cursor: string, path: string): Cursor {
  const parsed = schema.safeParse(fromJson(Buffer.from(cursor, 'base64url').toString()));
  if (parsed.success) return parsed.data;
  throw invalidCursor(path);
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function invalidCursor(path: string): AppError {
  const message = 'is not a cursor of this list: leave it out to start at the beginning';
  return new AppError('INVALID_REQUEST', 'The cursor cannot be used', { details: [{ path, message }] });
}
