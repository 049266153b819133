import { sessionView, type Reader, type SessionState } from '@opensync/contracts';
import { CONSUMER } from '@opensync/event-log';
import { isRetryable } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';
import type { UpdateCursor } from './cursors.ts';

/** The number of listed sessions that a cursor remembers: their ids make up most of it, and it is part of a URL. */
const REMEMBERED = 500;
/** Of an id after its prefix: 40 bits, so that two of a few thousand sessions are never confused. */
const TOKEN_CHARACTERS = 8;
/** A request checks no more sessions than this to find others; then the page is short, and its cursor continues. */
const MOST_SCANNED = 1_000;
/** Clocks of replicas differ, and a late event has the time of its arrival. */
const MARGIN_MS = 10 * 60_000;

type SessionQuery = Parameters<QueryResources['documents']['sessions']>[1];

interface UpdateQuery {
  readonly filter: Omit<SessionQuery, 'sort' | 'order' | 'limit' | 'after'>;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after: UpdateCursor | undefined;
}

/**
 * One page of the sessions by their last update, in which each session appears once although sessions move while a
 * client pages. A changed session moves towards the newest end. Ascending, that is still ahead of the walk, which
 * skips the ones it has listed. Descending, it is behind the walk, which therefore ends with those that have changed
 * since it began and were not listed; new sessions belong to the next walk.
 */
export async function pageByUpdate(
  { documents, progress }: Pick<QueryResources, 'documents' | 'progress'>,
  reader: Reader,
  { filter, order, limit, after }: UpdateQuery,
): Promise<{ readonly states: readonly SessionState[]; readonly cursor: UpdateCursor | undefined }> {
  const began = after ?? { ...(await beginning(progress)), order };
  const seen = new Set(began.listed);
  const states: SessionState[] = [];
  let walk = began;
  const page = (goesOn: boolean) => ({
    states,
    cursor: goesOn ? { ...walk, listed: remembered(walk, states) } : undefined,
  });
  for (let scanned = 0; scanned <= MOST_SCANNED;) {
    const direction = walk.changed ? 'asc' : order;
    // One more than requested shows whether there is a next page.
    const query = { ...filter, sort: 'updatedAt', order: direction, limit: limit + 1, after: walk.position } as const;
    const rows = await documents.sessions(reader, query);
    if (rows.length > 0 && walk.position === undefined) walk = { ...walk, ...boundary(walk, rows[0]!) };
    for (const row of rows) {
      const isListed = seen.has(tokenOf(row)) || (walk.changed && !hasChanged(row, walk));
      if (!isListed && states.length === limit) return page(true);
      walk = { ...walk, position: positionOf(row) };
      if (isListed) continue;
      states.push(row);
      seen.add(tokenOf(row));
    }
    scanned += rows.length;
    if (rows.length > limit) continue;
    // A walk of one page is one read: nothing moves in it.
    if (order === 'asc' || walk.changed || !after) return page(false);
    walk = { ...walk, changed: true, position: { value: walk.since, id: '' } };
  }
  return page(true);
}

type Beginning = Omit<UpdateCursor, 'order'>;

async function beginning(progress: QueryResources['progress']): Promise<Beginning> {
  let sequence = Number.MAX_SAFE_INTEGER;
  try {
    // The documents reflect every event up to here.
    sequence = Math.min(sequence, await progress.applied(CONSUMER.documents));
  } catch (error) {
    // Without the log, sessions are still listed.
    if (!isRetryable(error)) throw error;
  }
  return { changed: false, position: undefined, sequence, since: Date.now(), listed: [] };
}

/** Changes after the first page have sequences above those of its newest session, too. */
function boundary({ sequence, since }: Beginning, first: SessionState): Pick<UpdateCursor, 'sequence' | 'since'> {
  return {
    sequence: Math.min(sequence, first.span.lastSequence),
    since: Math.max(0, Math.min(since, first.span.lastAt) - MARGIN_MS),
  };
}

/** Whether a session that existed when the walk began has changed since. */
function hasChanged({ span }: SessionState, { sequence }: UpdateCursor): boolean {
  return span.lastSequence > sequence && span.firstSequence <= sequence;
}

/** The most recently updated ones are kept, because those change. */
function remembered({ order, changed, listed }: UpdateCursor, states: readonly SessionState[]): readonly string[] {
  const tokens = states.map(tokenOf);
  if (order === 'asc') return [...listed, ...tokens].slice(-REMEMBERED);
  return (changed ? [...tokens, ...listed] : [...listed, ...tokens]).slice(0, REMEMBERED);
}

function positionOf(state: SessionState): { readonly value: number; readonly id: string } {
  return { value: sessionView(state).updatedAt, id: state.id };
}

function tokenOf({ id }: SessionState): string {
  return id.slice('ses_'.length, 'ses_'.length + TOKEN_CHARACTERS);
}
