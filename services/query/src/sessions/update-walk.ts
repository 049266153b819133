import { sessionView, type Reader, type SessionState } from '@opensync/contracts';
import { CONSUMER } from '@opensync/event-log';
import { isRetryable } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';
import type { UpdateCursor } from './cursors.ts';

/** As many sessions as a cursor remembers to have listed: their ids make up most of it, and it stands in a URL. */
const REMEMBERED = 500;
/** Of an id behind its prefix: 40 bits, so that two of a few thousand sessions are never taken for one. */
const TOKEN_CHARACTERS = 8;
/** A request looks at no more sessions than that for others to list; then the page is short, and its cursor goes on. */
const MOST_SCANNED = 1_000;
/** Clocks of replicas differ, and a late event carries the time of its arrival. */
const MARGIN_MS = 10 * 60_000;

type SessionQuery = Parameters<QueryResources['documents']['sessions']>[1];

interface UpdateQuery {
  readonly filter: Omit<SessionQuery, 'sort' | 'order' | 'limit' | 'after'>;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after: UpdateCursor | undefined;
}

/**
 * One page of the sessions by their last update, in which each session comes once although sessions move while a client
 * pages. Who changes moves towards the newest end. Ascending, that is still ahead of the walk, which leaves out what it
 * has listed. Descending, it is behind the walk, which therefore ends with those that have changed since it began, as far as it
 * has not listed them; what is created meanwhile belongs to the next walk.
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
    // One more than asked for says whether there is a next page.
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
    // Of every event up to here the documents show what it changed.
    sequence = Math.min(sequence, await progress.applied(CONSUMER.documents));
  } catch (error) {
    // Without the log, sessions are listed all the same.
    if (!isRetryable(error)) throw error;
  }
  return { changed: false, position: undefined, sequence, since: Date.now(), listed: [] };
}

/** What changes after the first page has a sequence above those of its newest session, too. */
function boundary({ sequence, since }: Beginning, first: SessionState): Pick<UpdateCursor, 'sequence' | 'since'> {
  return {
    sequence: Math.min(sequence, first.span.lastSequence),
    since: Math.max(0, Math.min(since, first.span.lastAt) - MARGIN_MS),
  };
}

/** Whether a session that was there when the walk began has changed since. */
function hasChanged({ span }: SessionState, { sequence }: UpdateCursor): boolean {
  return span.lastSequence > sequence && span.firstSequence <= sequence;
}

/** The most recently updated ones are kept: it is they that change. */
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
