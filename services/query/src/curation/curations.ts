import {
  ERASURE,
  evolveSession,
  isTrashed,
  ownerKey,
  readerOf,
  sessionIdOf,
  type NewEvent,
  type Owner,
  type SessionCurated,
  type SessionState,
} from '@opensync/contracts';
import { AppError, uuidv7 } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';
import { changedMeanwhile, type IfMatch } from './etag.ts';

export type CurationResources = Pick<QueryResources, 'documents' | 'curations' | 'progress'>;

/** What an event says; empty: nothing changes, and no event is stored. */
export type CuratedChange = Omit<SessionCurated, 'sessionId' | 'externalId'>;

export interface Found {
  readonly session: SessionState;
  /** The caller owns it; otherwise another member shares it. */
  readonly isOwn: boolean;
}

/** A session after a change, and the sequence of the event; undefined if nothing had to change. */
export interface Curated {
  readonly session: SessionState;
  readonly sequence: number | undefined;
}

/** It fails only if this many other writers change sessions of the same owner at that moment. */
const MAX_ATTEMPTS = 20;
/** How long the documents may take to apply the owner's last change. */
const CATCH_UP_MS = 2_000;
const RETRY_AFTER = 2;

/**
 * Changes sessions by events, each of which is based on everything that people said about the owner's sessions
 * before: it is stored on the condition that nothing else was (ADR 49). One object serves one request.
 */
export class Curations {
  readonly #resources: CurationResources;
  readonly #caller: Owner;
  readonly #now: number;
  /** By owner: the sequence of the last event, which the documents have, apart from this request's own. */
  readonly #last = new Map<string, number>();
  /** What this request has changed itself: the documents may not have it yet. */
  readonly #changed = new Map<string, SessionState>();

  /** @param now of the events, milliseconds since the epoch */
  constructor(resources: CurationResources, caller: Owner, now: number) {
    this.#resources = resources;
    this.#caller = caller;
    this.#now = now;
  }

  /**
   * Stores what `decide` makes of the session as it is. It is asked again if somebody else was faster.
   * @param id of the session: ours (`ses_…`), or for the caller's own its plugin's
   * @throws AppError NOT_FOUND, also if the caller may not see it; CONFLICT if `ifMatch` says no; UNAVAILABLE; and
   * what `decide` throws
   */
  async change(id: string, decide: (found: Found) => CuratedChange, ifMatch: IfMatch = () => true): Promise<Curated> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { after, ...found } = await this.#current(id);
      const { session } = found;
      const change = decide(found);
      if (!ifMatch(session)) throw changedMeanwhile();
      if (Object.keys(change).length === 0) return { session, sequence: undefined };
      const { id: sessionId, externalId, owner } = session;
      const event: NewEvent = {
        ...{ id: uuidv7(), type: 'dev.opensync.session.curated.v1', owner, time: this.#now },
        data: { sessionId, externalId, ...change },
      };
      const sequence = await this.#resources.curations.append(event, after);
      if (sequence === undefined) {
        this.#last.delete(ownerKey(owner));
        this.#changed.clear();
        continue;
      }
      const changed = evolveSession(session, { ...event, sequence })!;
      this.#last.set(ownerKey(owner), sequence);
      this.#changed.set(sessionId, changed);
      return { session: changed, sequence };
    }
    throw new AppError('UNAVAILABLE', 'Other requests keep changing sessions of the same owner; try again', {
      retryAfter: RETRY_AFTER,
    });
  }

  /** The session, and the last event that its state is based on. */
  async #current(id: string): Promise<Found & { readonly after: number }> {
    // In this order: what is stored after the last event was read makes the write fail.
    for (let owner = this.#caller; ;) {
      const after = await this.#lastOf(owner);
      const found = await this.#find(id);
      if (ownerKey(found.session.owner) === ownerKey(owner)) return { ...found, after };
      owner = found.session.owner;
    }
  }

  async #lastOf(owner: Owner): Promise<number> {
    const known = this.#last.get(ownerKey(owner));
    if (known !== undefined) return known;
    const { curations, progress } = this.#resources;
    const last = await curations.last(owner);
    if (last > 0 && !(await progress.waitFor(last, CATCH_UP_MS))) {
      throw new AppError(
        'UNAVAILABLE',
        'The last change to sessions of this owner has not been applied yet; try again',
        {
          retryAfter: RETRY_AFTER,
        },
      );
    }
    this.#last.set(ownerKey(owner), last);
    return last;
  }

  async #find(id: string): Promise<Found> {
    const { documents } = this.#resources;
    // The record of a user's erasure is not a session.
    const candidates = [id, sessionIdOf(this.#caller, id)].filter((candidate) => candidate !== ERASURE);
    const { sessions, gone } = await documents.load(this.#caller, { sessions: candidates });
    const own = candidates.map((candidate) => sessions.get(candidate) ?? gone.get(candidate)).find(Boolean);
    const session = own ?? (await documents.sessionsById(readerOf(this.#caller), [id])).get(id);
    if (!session) throw noSession();
    return { session: this.#changed.get(session.id) ?? session, isOwn: own !== undefined };
  }
}

/** The answer for a session that a command cannot change. */
export function noSession(session?: SessionState): AppError {
  const isRestorable = session && isTrashed(session) && !session.fields.erasing;
  return new AppError(
    'NOT_FOUND',
    isRestorable ? 'This session is in the trash; restore it first' : 'There is no session with this id',
  );
}
