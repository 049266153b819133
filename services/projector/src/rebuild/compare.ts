import type { Owner } from '@opensync/contracts';
import pMap from 'p-map';
import type { Contents, Entry } from './contents.ts';

/** A session that differs between the next generation and the live one. */
export interface DifferentSession {
  readonly owner: Owner;
  readonly sessionId: string;
  /** Whether the next one is missing a document of it or has an older version, rather than different contents. */
  readonly behind: boolean;
}

export interface Comparison {
  /** As many as fit in memory, to be checked again; those that are behind come first. */
  readonly different: readonly DifferentSession[];
  /** Whether there are more of them. */
  readonly more: boolean;
}

const AT_ONCE = 8;
const KEPT = 10_000;

/** Compares every session of the live generation with the next one. */
export async function compare(
  live: Contents,
  next: Contents,
  owners: readonly Owner[],
  onProgress: (sessions: number) => void,
): Promise<Comparison> {
  let different: DifferentSession[] = [];
  let sessions = 0;
  let more = false;
  for (const owner of owners) {
    for await (const page of live.sessions(owner)) {
      const found = await differing(
        live,
        next,
        page.map((sessionId) => ({ owner, sessionId })),
      );
      different.push(...found);
      if (different.length > KEPT) {
        more = true;
        different = [...different.filter(({ behind }) => behind), ...different.filter(({ behind }) => !behind)];
        different.length = KEPT;
      }
      sessions += page.length;
      onProgress(sessions);
    }
  }
  return { different, more };
}

type SessionRef = Pick<DifferentSession, 'owner' | 'sessionId'>;

/**
 * Those of the sessions that differ.
 * @param refresh updates the next generation with one of them; called after the live one was read, one at a time
 */
export async function differing(
  live: Contents,
  next: Contents,
  sessions: readonly SessionRef[],
  refresh?: (session: SessionRef) => Promise<void>,
): Promise<readonly DifferentSession[]> {
  const found = await pMap(
    sessions,
    async ({ owner, sessionId }) => {
      // In this order: everything in the live one was on the log, and the next one may have received it since.
      const before = await live.entries(owner, sessionId);
      await refresh?.({ owner, sessionId });
      const difference = differenceOf(before, await next.entries(owner, sessionId));
      return difference ? [{ owner, sessionId, behind: difference === 'behind' }] : [];
    },
    { concurrency: refresh ? 1 : AT_ONCE },
  );
  return found.flat();
}

/**
 * Whether the next generation is missing a document or has an older version, or has different contents with the same
 * version. If it is newer, the live one is behind, which says nothing about either.
 */
function differenceOf(
  live: ReadonlyMap<string, Entry>,
  next: ReadonlyMap<string, Entry>,
): 'behind' | 'other' | undefined {
  let difference: 'other' | undefined;
  for (const [id, { version, digest }] of live) {
    const entry = next.get(id);
    if (!entry || entry.version < version) return 'behind';
    if (entry.version === version && entry.digest !== digest) difference = 'other';
  }
  return difference;
}
