import type { Positions } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { z } from 'zod';

/** Where a list of sessions continues: with which sort, and after which session. */
const sessionCursorSchema = z.tuple([
  z.literal('createdAt'),
  z.enum(['asc', 'desc']),
  z.int().nonnegative(),
  z.string().startsWith('ses_'),
]);
export type SessionCursor = z.infer<typeof sessionCursorSchema>;

/** Where a list of sessions by their last update continues. */
export interface UpdateCursor {
  readonly order: 'asc' | 'desc';
  /** After the session with this update time and id; undefined at the beginning. */
  readonly position: { readonly value: number; readonly id: string } | undefined;
  /** The projected position when the list began: later changes have higher sequences. */
  readonly sequence: number;
  /** No later change has an update time before this. */
  readonly since: number;
  /** The list is complete; sessions that changed meanwhile follow. */
  readonly changed: boolean;
  /** Beginnings of the listed ids, eight characters each. */
  readonly listed: readonly string[];
}

const updateCursorSchema = z.tuple([
  z.literal('updatedAt'),
  z.enum(['asc', 'desc']),
  z.int().nonnegative(),
  z.string().regex(/^(ses_.*)?$/),
  z.string(),
  z.int().nonnegative(),
  z.boolean(),
]);
const LISTED = /^(?:[0-9a-z]{8})*$/;

/**
 * Opaque to clients, so that its contents can change. Not a secret: a cursor holds only what the page showed, and sequences as
 * {@link Positions}.
 */
export function encodeCursor(cursor: SessionCursor): string {
  return base64Json(cursor);
}

function base64Json(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The ids are appended unencoded: in base64 they would be a third longer. */
export function encodeUpdateCursor(cursor: UpdateCursor, positions: Positions): string {
  const { order, position, sequence, since, changed, listed } = cursor;
  const { value, id } = position!;
  return `${base64Json(['updatedAt', order, value, id, positions.encode(sequence), since, changed])}.${listed.join('')}`;
}

export function decodeUpdateCursor(cursor: string, positions: Positions): UpdateCursor {
  const [head = '', listed = '', ...rest] = cursor.split('.');
  const parsed = decode(updateCursorSchema, head, 'cursor');
  if (rest.length > 0 || !LISTED.test(listed)) throw invalidCursor('cursor');
  const [, order, value, id, place, since, changed] = parsed;
  const sequence = sequenceOf(place, positions, 'cursor');
  return { order, position: { value, id }, sequence, since, changed, listed: listed.match(/.{8}/g) ?? [] };
}

export function decodeSessionCursor(cursor: string): SessionCursor {
  return decode(sessionCursorSchema, cursor, 'cursor');
}

function sequenceOf(place: string, positions: Positions, path: string): number {
  const sequence = positions.decode(place);
  if (sequence === undefined) throw invalidCursor(path);
  return sequence;
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
