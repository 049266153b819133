import { errors, type Client, type estypes } from '@elastic/elasticsearch';
import type { Owner } from '@opensync/contracts';
import { AppError, retrying, TryAgain } from '@opensync/platform';
import { INDEX_GONE, problemError } from './errors.ts';
import { rowId, rowOf } from './rows.ts';
import type { SearchDocument } from '../port.ts';

/** An operation of a bulk request as its lines. */
export interface Operation {
  readonly id: string;
  readonly lines: readonly string[];
}

export interface Refusal<Refused extends Operation = Operation> {
  readonly operation: Refused;
  readonly reason: string;
}

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 50;

/** Writes a row unless it is stored in a newer version. */
export function indexOperation(owner: Owner, document: SearchDocument, routing: string): Operation {
  const version = { version: document.version, version_type: 'external_gte' };
  return {
    id: document.id,
    lines: [
      JSON.stringify({ index: { _id: rowId(owner, document.id), routing, ...version } }),
      JSON.stringify(rowOf(owner, document)),
    ],
  };
}

/**
 * Deletes rows in the version that was seen; one written since stays.
 * @returns how many are gone
 */
export async function deleteRows(
  client: Client,
  alias: string,
  routing: string,
  rows: readonly { readonly id: string; readonly version: number }[],
): Promise<number> {
  const operations = rows.map(({ id, version }): Operation => ({
    id,
    lines: [JSON.stringify({ delete: { _id: id, routing, version, version_type: 'external_gte' } })],
  }));
  let deleted = 0;
  const refused = await sendUntilTaken(client, alias, operations, {
    refresh: true,
    onDone: ({ result }) => {
      if (result === 'deleted') deleted += 1;
    },
  });
  const [first] = refused;
  if (first) throw new AppError('INTERNAL', `the search store failed to delete ${first.operation.id}: ${first.reason}`);
  return deleted;
}

/**
 * Items that the server has no room for are sent again, only those.
 * @returns those it will never accept
 * @throws StoreUnavailableError if it does not accept some of them in time
 */
export async function sendUntilTaken<Sent extends Operation>(
  client: Client,
  alias: string,
  operations: readonly Sent[],
  { refresh, onDone }: { refresh: boolean; onDone?: (item: estypes.BulkResponseItem) => void },
): Promise<Refusal<Sent>[]> {
  const refused: Refusal<Sent>[] = [];
  let open = operations;
  const attempt = async () => {
    const items = await bulk(client, alias, open, refresh);
    const busy: Sent[] = [];
    let problem: estypes.ErrorCause | undefined;
    for (const [at, operation] of open.entries()) {
      const item = items[at]!;
      const outcome = outcomeOf(item);
      if (outcome === 'done') onDone?.(item);
      else if (outcome === 'refused') refused.push({ operation, reason: item.error?.reason ?? 'it says no reason' });
      else {
        busy.push(operation);
        problem = item.error;
      }
    }
    open = busy;
    if (busy.length === 0) return;
    if (problem?.type === INDEX_GONE) throw problemError(problem);
    throw new TryAgain(problemError(problem));
  };
  if (operations.length > 0) {
    await retrying(attempt, { attempts: ATTEMPTS, firstPauseMs: FIRST_PAUSE_MS, isRetried: () => false });
  }
  return refused;
}

/** A request that is too large for the server is split in halves; a single row that is too large is rejected. */
async function bulk(
  client: Client,
  alias: string,
  operations: readonly Operation[],
  refresh: boolean,
): Promise<estypes.BulkResponseItem[]> {
  try {
    const { items } = await client.bulk({
      index: alias,
      // If the index is missing, nothing is written, instead of auto-creating an index without mapping.
      require_alias: true,
      refresh,
      operations: operations.flatMap(({ lines }) => lines),
      filter_path: ['items.*.status', 'items.*.result', 'items.*.error'],
    });
    return items.map((item) => Object.values(item)[0]!);
  } catch (error) {
    if (!(error instanceof errors.ResponseError) || error.statusCode !== 413) throw error;
    if (operations.length === 1) {
      const reason = 'larger than the server takes (http.max_content_length)';
      return [{ _index: alias, status: 413, error: { type: 'too_large', reason } }];
    }
    const half = Math.ceil(operations.length / 2);
    return [
      ...(await bulk(client, alias, operations.slice(0, half), refresh)),
      ...(await bulk(client, alias, operations.slice(half), refresh)),
    ];
  }
}

function outcomeOf({ status, error }: estypes.BulkResponseItem): 'done' | 'busy' | 'refused' {
  // A version conflict: a newer row is stored, which is correct. A missing row needs no deletion.
  if (status < 300 || status === 409 || (status === 404 && !error)) return 'done';
  // A field that the index lacks is the index's fault, and so the operator's: every row has the same fields.
  if (error?.type === 'strict_dynamic_mapping_exception') return 'busy';
  return status === 400 || status === 413 ? 'refused' : 'busy';
}
