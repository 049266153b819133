import { CURATION_LIMITS, isHidden, refusalOf, type Positions, type Principal } from '@opensync/contracts';
import { AppError, ERRORS, type ErrorCode } from '@opensync/platform';
import { z } from 'zod';
import { limitOf, onlyFields, listFilterFields } from '../input.ts';
import { Curations, noSession, type CuratedChange, type Found } from './curations.ts';
import { etagOf } from './etag.ts';
import { changeOf, curatedSchema, tagsSchema } from './patch.ts';
import { outOfTrash, toTrash, UNDO_MS, type ErasureResources } from './trash.ts';

/** Each is an event of its own, stored before the next one. */
export const MOST_SESSIONS = 200;

const id = z.string('must be text').min(1, 'is empty').max(512, 'is longer than 512 characters');

const which = {
  ids: z
    .array(id, 'must be a list of ids')
    .min(1, 'is empty')
    .max(MOST_SESSIONS, `has more than ${MOST_SESSIONS} ids; send several requests`)
    .optional(),
  filter: onlyFields(listFilterFields).optional(),
  limit: limitOf(MOST_SESSIONS, MOST_SESSIONS, 'Maximum number of sessions of a filter'),
};

/** Body of `POST /api/sessions/bulk`. */
export const bulkSchema = z
  .discriminatedUnion(
    'command',
    [
      onlyFields({ command: z.literal('set'), ...which, set: curatedSchema }),
      onlyFields({
        command: z.literal('tag'),
        ...which,
        add: tagsSchema.default([]),
        remove: tagsSchema.default([]),
      }),
      onlyFields({ command: z.literal('delete'), ...which }),
      onlyFields({ command: z.literal('restore'), ...which }),
    ],
    'must be one of set, tag, delete, restore',
  )
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), 'must name either ids or a filter')
  .refine(({ command, filter }) => command !== 'restore' || filter === undefined, {
    path: ['filter'],
    message: 'finds no session in the trash; name ids',
  });
export type Bulk = z.infer<typeof bulkSchema>;

export interface BulkResult {
  /** As in the request, or the session's own for a filter. */
  readonly id: string;
  readonly sessionId?: string;
  /** The status of the item alone. */
  readonly status: number;
  readonly etag?: string;
  /** Of a session in the trash. */
  readonly restorableUntil?: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean };
}

export interface BulkAnswer {
  /** Whether all items succeeded. */
  readonly ok: boolean;
  /** In the order of the request; of a filter newest first. */
  readonly results: readonly BulkResult[];
  /** The filter finds more sessions than the limit. */
  readonly more?: true;
}

export interface BulkDone {
  readonly answer: BulkAnswer;
  /** Of the last event; undefined if nothing had to change. */
  readonly sequence: number | undefined;
}

/**
 * One command for several sessions, one after the other; an item that fails costs only itself.
 * @throws AppError FORBIDDEN if the caller may not run the command at all; UNAVAILABLE if nothing can be read
 */
export async function runBulk(
  resources: ErasureResources,
  { caller, positions, now }: { caller: Principal; positions: Pick<Positions, 'encode'>; now: number },
  bulk: Bulk,
): Promise<BulkDone> {
  const refusal = refusalOf(caller, [bulk.command === 'delete' || bulk.command === 'restore' ? 'delete' : 'curate']);
  if (refusal !== undefined) throw new AppError('FORBIDDEN', refusal);
  const { ids, more } = await idsOf(resources, caller, bulk);
  const curations = new Curations(resources, caller, now);
  const results: BulkResult[] = [];
  let last: number | undefined;
  for (const id of ids) {
    try {
      const { session, sequence } = await curations.change(id, (found) => changeBy(bulk, found, { caller, now }));
      last = sequence ?? last;
      const { trashedAt } = session.fields;
      const undo = trashedAt == null ? {} : { restorableUntil: trashedAt + UNDO_MS };
      results.push({ id, sessionId: session.id, status: 200, etag: etagOf(session, positions), ...undo });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message } = error;
      const { status, retryable } = ERRORS[code];
      results.push({ id, status, error: { code, message, retryable } });
    }
  }
  const ok = results.every(({ error }) => error === undefined);
  return { answer: { ok, results, ...(more && { more: true as const }) }, sequence: last };
}

async function idsOf({ documents }: ErasureResources, caller: Principal, { ids, filter, limit }: Bulk) {
  if (ids) return { ids: [...new Set(ids)], more: false };
  // Of the caller's own sessions: a filter must not reach into what others share.
  const owner = { workspaceId: caller.workspaceId, userId: caller.userId };
  const found = await documents.sessions(owner, { ...filter!, sort: 'createdAt', order: 'desc', limit: limit + 1 });
  return { ids: found.slice(0, limit).map((session) => session.id), more: found.length > limit };
}

function changeBy(bulk: Bulk, found: Found, context: { caller: Principal; now: number }): CuratedChange {
  if (bulk.command === 'delete') return toTrash(found, context.now);
  if (bulk.command === 'restore') return outOfTrash(found, context.now);
  if (bulk.command === 'set') return changeOf(bulk.set, found, context);
  const { session } = found;
  if (isHidden(session)) throw noSession(session);
  const before = session.fields.evalTags ?? [];
  const remove = new Set(bulk.remove);
  const after = [...new Set([...before, ...bulk.add])].filter((tag) => !remove.has(tag));
  if (after.length > CURATION_LIMITS.tags) {
    throw new AppError('INVALID_REQUEST', `The session would have more than ${CURATION_LIMITS.tags} tags`);
  }
  const isSame = after.length === before.length && after.every((tag, at) => tag === before[at]);
  const change = changeOf({ evalTags: after }, found, context);
  return isSame ? {} : change;
}
