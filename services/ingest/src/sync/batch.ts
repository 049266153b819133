import {
  isJsonObject,
  MESSAGE_ID_NAMES,
  nameOfItem,
  parseMessageSync,
  parseSessionSync,
  SESSION_ID_NAMES,
  type NormalizedMessage,
  type Owner,
  type Parsed,
  type RequestIssue,
  type RequestWarning,
  type SessionSynced,
} from '@opensync/contracts';
import { AppError, ERRORS, type ErrorCode } from '@opensync/platform';
import { shownWarnings, type ShownWarning } from './warnings.ts';

/** An item of a batch: where it stood in the request, and what it says, or why it cannot be stored. */
export type BatchItem = {
  readonly kind: 'session' | 'message';
  readonly path: string;
  readonly externalId: string | null;
  /** What could not be used of it; empty for one that is rejected. */
  readonly warnings: readonly RequestWarning[];
} & ({ readonly session: SessionSynced } | { readonly message: NormalizedMessage } | { readonly rejected: string });

export interface ItemResult {
  readonly kind: BatchItem['kind'];
  /** As sent; null where none could be made out. */
  readonly externalId: string | null;
  /** Ours, of an item that was stored. */
  readonly id?: string;
  /** What the item alone would have been answered: 200 where it was stored. */
  readonly status: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean };
  /** What of it could not be used as it was sent; the rest is stored. */
  readonly warnings?: readonly ShownWarning[];
}

export interface BatchAnswer {
  /** Whether all items were stored. */
  readonly ok: boolean;
  /** How many of each were stored. */
  readonly sessions: number;
  readonly messages: number;
  /** One line for each item that was not. */
  readonly errors: readonly string[];
  /** Of each item: sessions first, then messages, each in the order of the request. */
  readonly results: readonly ItemResult[];
}

/**
 * The items of a batch, each parsed on its own: a bad one fails nothing but itself. Pure.
 * @param now arrival, milliseconds since the epoch
 * @throws AppError INVALID_REQUEST where the body is no object, PAYLOAD_TOO_LARGE beyond `maxItems`
 */
export function parseBatch(owner: Owner, body: unknown, now: number, maxItems: number): BatchItem[] {
  if (!isJsonObject(body)) {
    const details = [{ path: '', message: 'Expected a JSON object with sessions and messages' }];
    throw new AppError('INVALID_REQUEST', 'This is not a batch', { details });
  }
  const [sessions, messages] = [listOf(body.sessions), listOf(body.messages)];
  if (sessions.length + messages.length > maxItems) {
    throw new AppError('PAYLOAD_TOO_LARGE', `A batch may have at most ${maxItems} items; send several batches`);
  }
  return [
    ...sessions.map((item, index): BatchItem => {
      const place = {
        kind: 'session',
        path: `sessions.${index}`,
        externalId: nameOfItem(item, SESSION_ID_NAMES),
      } as const;
      const parsed = parseSessionSync(owner, item, now);
      return parsed.ok
        ? { ...place, session: parsed.value, warnings: parsed.warnings }
        : { ...place, ...rejection(parsed) };
    }),
    ...messages.map((item, index): BatchItem => {
      const place = {
        kind: 'message',
        path: `messages.${index}`,
        externalId: nameOfItem(item, MESSAGE_ID_NAMES),
      } as const;
      const parsed = parseMessageSync(owner, item, now);
      return parsed.ok
        ? { ...place, message: parsed.value, warnings: parsed.warnings }
        : { ...place, ...rejection(parsed) };
    }),
  ];
}

/** What is sent in place of a list counts as its only item: one that is none is answered for as every other. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function rejection({ details }: Extract<Parsed<unknown>, { readonly ok: false }>) {
  return { rejected: describe(details), warnings: [] };
}

/** What to tell the client once the good items are durable. Pure. */
export function batchAnswer(items: readonly BatchItem[]): BatchAnswer {
  const errors = items.flatMap((item) => ('rejected' in item ? [`${item.path}: ${item.rejected}`] : []));
  return {
    ok: errors.length === 0,
    sessions: items.filter((item) => 'session' in item).length,
    messages: items.filter((item) => 'message' in item).length,
    errors,
    results: items.map(resultOf),
  };
}

function resultOf(item: BatchItem): ItemResult {
  const { kind, externalId } = item;
  if ('rejected' in item) {
    const { status, retryable } = ERRORS.INVALID_REQUEST;
    return { kind, externalId, status, error: { code: 'INVALID_REQUEST', message: item.rejected, retryable } };
  }
  const id = 'session' in item ? item.session.sessionId : item.message.message.messageId;
  return { kind, externalId, id, status: 200, ...shownWarnings(item.warnings) };
}

function describe(details: readonly RequestIssue[]): string {
  return details.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}
