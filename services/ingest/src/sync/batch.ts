import {
  batchSyncSchema,
  parseMessageSync,
  parseRequest,
  parseSessionSync,
  type NormalizedMessage,
  type Owner,
  type RequestIssue,
  type SessionSynced,
} from '@opensync/contracts';
import { AppError, ERRORS, type ErrorCode } from '@opensync/platform';

/** An item of a batch: where it stood in the request, and what it says, or why it cannot be stored. */
export type BatchItem = {
  readonly kind: 'session' | 'message';
  readonly path: string;
  readonly externalId: string | null;
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
 * @throws AppError INVALID_REQUEST where the body is no batch, PAYLOAD_TOO_LARGE beyond `maxItems`
 */
export function parseBatch(owner: Owner, body: unknown, maxItems: number): BatchItem[] {
  const parsed = parseRequest(batchSyncSchema, body);
  if (!parsed.ok) throw new AppError('INVALID_REQUEST', 'This is not a batch', { details: parsed.details });
  const { sessions = [], messages = [] } = parsed.value;
  if (sessions.length + messages.length > maxItems) {
    throw new AppError('PAYLOAD_TOO_LARGE', `More than ${maxItems} items in a batch; send several`);
  }
  return [
    ...sessions.map((item, index) => parseSession(owner, item, index)),
    ...messages.map((item, index) => parseMessage(owner, item, index)),
  ];
}

function parseSession(owner: Owner, item: unknown, index: number): BatchItem {
  const place = { kind: 'session', path: `sessions.${index}`, externalId: nameOf(item, 'sessionId') } as const;
  const parsed = parseSessionSync(owner, item);
  return parsed.ok ? { ...place, session: parsed.value } : { ...place, rejected: describe(parsed.details) };
}

function parseMessage(owner: Owner, item: unknown, index: number): BatchItem {
  const place = { kind: 'message', path: `messages.${index}`, externalId: nameOf(item, 'messageId') } as const;
  const parsed = parseMessageSync(owner, item);
  return parsed.ok ? { ...place, message: parsed.value } : { ...place, rejected: describe(parsed.details) };
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
  return { kind, externalId, id, status: 200 };
}

function describe(details: readonly RequestIssue[]): string {
  return details.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}

/** The external id of an item that may be anything, to name it in the answer. */
function nameOf(item: unknown, alias: 'sessionId' | 'messageId'): string | null {
  if (typeof item !== 'object' || item === null) return null;
  const { externalId, [alias]: other } = item as Readonly<Record<string, unknown>>;
  const name = externalId ?? other;
  return typeof name === 'string' ? name.slice(0, 512) : null;
}
