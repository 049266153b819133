import { ownerKey, type AccessTarget, type Owner, type Positions } from '@opensync/contracts';
import type { AccessPlace, AccessQuery, LoggedRequest } from '@opensync/event-log/access';
import { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { documented, instantOf, optionalText } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { invalidCursor } from '../sessions/cursors.ts';

const STATUS = /^(?:[1-5]\d\d|[1-5]xx)$/;

/** Query string of `GET /api/logs`. */
export const listLogsSchema = onlyFields({
  limit: inQuery(limitOf(200, 50, 'Maximum number of requests')),
  cursor: optionalText(200, 'The `cursor` of the previous page'),
  endpoint: optionalText(200, 'The route as it is shown, such as `/api/sessions/:id`'),
  method: optionalText(10, 'The HTTP method'),
  status: documented(z.string().regex(STATUS, 'must be a status such as 404, or a class such as 4xx').optional(), {
    takes: 'a status such as `404`, or a class such as `4xx`',
    meaning: 'How the request ended',
  }),
  requestId: optionalText(200, 'The id of one request, as in its answer'),
  keyId: optionalText(100, 'The key that the request carried'),
  user: optionalText(100, 'The member of the workspace who sent it; others than oneself only for admins'),
  from: instantOf('Ended at this time or later'),
  to: instantOf('Ended before this time'),
});
export type ListLogs = z.infer<typeof listLogsSchema>;

export interface LogEntryJson {
  readonly id: string;
  readonly requestId: string;
  readonly userId: string;
  readonly method: string;
  readonly endpoint: string;
  readonly statusCode: number;
  readonly responseTimeMs: number;
  readonly createdAt: number;
  readonly keyId: string;
  readonly keyHint: string | null;
  /** The `Osk-Sequence` of a write. */
  readonly sequence: string | null;
  /** Whose data was asked for; null where the route says it. */
  readonly target: TargetJson | null;
}

export interface TargetJson {
  readonly kind: string;
  readonly workspaceId: string | null;
  readonly userId: string | null;
  readonly id: string | null;
}

export interface LogPage {
  readonly logs: readonly LogEntryJson[];
  /** Null on the last page. */
  readonly cursor: string | null;
}

/** One page of the requests of a workspace, or of one member of it. */
export async function listLogs(
  { accessLog, pageTurns }: Pick<QueryResources, 'accessLog' | 'pageTurns'>,
  caller: Owner,
  owner: { readonly workspaceId: string; readonly userId: string | undefined },
  { limit, cursor, from, to, ...filters }: ListLogs,
  positions: Positions,
): Promise<LogPage> {
  const query: AccessQuery = {
    ...owner,
    ...{ limit, from, to },
    before: cursor === undefined ? undefined : decodeCursor(cursor, positions),
    matches: (entry) => matches(entry, filters),
  };
  // A read holds up to three megabytes of the stream.
  const endTurn = await pageTurns.acquire(ownerKey(caller), 1);
  try {
    const { entries, next } = await accessLog.read(query);
    return {
      logs: entries.map((entry) => entryJson(entry, positions)),
      cursor: next ? encodeCursor(next, positions) : null,
    };
  } finally {
    endTurn();
  }
}

function matches(
  entry: LoggedRequest,
  {
    endpoint,
    method,
    status,
    requestId,
    keyId,
  }: Pick<ListLogs, 'endpoint' | 'method' | 'status' | 'requestId' | 'keyId'>,
): boolean {
  return (
    (endpoint === undefined || entry.route === endpoint) &&
    (method === undefined || entry.method === method.toUpperCase()) &&
    (requestId === undefined || entry.requestId === requestId) &&
    (keyId === undefined || entry.keyId === keyId) &&
    (status === undefined || String(entry.status) === status || `${String(entry.status)[0]}xx` === status)
  );
}

function entryJson(entry: LoggedRequest, positions: Positions): LogEntryJson {
  const { requestId, userId, method, route, status, durationMs, at, keyId, keyHint, sequence, target } = entry;
  return {
    id: requestId,
    requestId,
    userId,
    method,
    endpoint: route,
    statusCode: status,
    responseTimeMs: durationMs,
    createdAt: at,
    keyId,
    keyHint: keyHint ?? null,
    sequence: sequence === undefined ? null : positions.encode(sequence),
    target: target ? targetJson(target, positions) : null,
  };
}

/** Admins who do not operate the server read this, too, so the number of an event leaves as a position. */
function targetJson({ kind, workspaceId, userId, id }: AccessTarget, positions: Positions): TargetJson {
  const shown = kind === 'event' && id !== undefined ? positions.encode(Number(id)) : id;
  return { kind, workspaceId: workspaceId ?? null, userId: userId ?? null, id: shown ?? null };
}

const PLACE = /^(pos_[\w-]{22})\.(\d{1,6})$/;

/** The number of a message counts those of all workspaces, so it leaves as a position. */
function encodeCursor({ sequence, index }: AccessPlace, positions: Positions): string {
  return `${positions.encode(sequence)}.${index}`;
}

function decodeCursor(cursor: string, positions: Positions): AccessPlace {
  const [, position = '', index] = PLACE.exec(cursor) ?? [];
  const sequence = positions.decode(position);
  if (sequence === undefined) throw invalidCursor('cursor');
  return { sequence, index: Number(index) };
}
