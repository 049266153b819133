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

/** An item of a batch: its place in the request, and its contents, or why it cannot be stored. */
export type BatchItem = {
  readonly kind: 'session' | 'message';
  readonly path: string;
  readonly externalId: string | null;
  /** Its unusable values; empty for one that is rejected. */
  readonly warnings: readonly RequestWarning[];
} & ({ readonly session: SessionSynced } | { readonly message: NormalizedMessage } | { readonly rejected: string });

export interface ItemResult {
  readonly kind: BatchItem['kind'];
  /** As sent; null if there was none. */
  readonly externalId: string | null;
  /** Our id of a stored item. */
  readonly id?: string;
  /** The status of the item alone: 200 if it was stored. */
  readonly status: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean };
  /** Its unusable values; the rest is stored. */
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
 * The items of a batch, each parsed separately: an invalid one fails only itself. Pure.
 * @param now arrival, milliseconds since the epoch
 * @throws AppError INVALID_REQUEST if the body is not an object, PAYLOAD_TOO_LARGE beyond `maxItems`
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

/** A value in place of a list counts as its only item: an invalid one is reported like every other. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function rejection({ details }: Extract<Parsed<unknown>, { readonly ok: false }>) {
  return { rejected: describe(details), warnings: [] };
}

/** The answer to the client once the valid items are durable. Pure. */
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
