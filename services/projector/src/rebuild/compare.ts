import type { Owner } from '@opensync/contracts';
import pMap from 'p-map';
import type { Contents } from './contents.ts';

/** A session that the next generation does not have as the live one has it. */
export interface DifferentSession {
  readonly owner: Owner;
  readonly sessionId: string;
}

export interface Comparison {
  /** As many as are kept in memory, to look at again. */
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
  const different: DifferentSession[] = [];
  let sessions = 0;
  let more = false;
  for (const owner of owners) {
    for await (const page of live.sessions(owner)) {
      const found = await differing(
        live,
        next,
        page.map((sessionId) => ({ owner, sessionId })),
      );
      more ||= different.length + found.length > KEPT;
      different.push(...found.slice(0, KEPT - different.length));
      sessions += page.length;
      onProgress(sessions);
    }
  }
  return { different, more };
}

/** Those of the sessions that differ. */
export async function differing(
  live: Contents,
  next: Contents,
  sessions: readonly DifferentSession[],
): Promise<readonly DifferentSession[]> {
  const found = await pMap(sessions, async (session) => ((await differs(live, next, session)) ? [session] : []), {
    concurrency: AT_ONCE,
  });
  return found.flat();
}

/**
 * Whether the next generation lacks a document, has it older, or says something else of the same version. Where it is
 * newer the live one is behind, which says nothing about either.
 */
async function differs(live: Contents, next: Contents, { owner, sessionId }: DifferentSession): Promise<boolean> {
  // In this order: what is in the live one by now was on the log, and the next one may have got it since.
  const before = await live.entries(owner, sessionId);
  const after = await next.entries(owner, sessionId);
  return [...before].some(([id, { version, digest }]) => {
    const entry = after.get(id);
    return !entry || entry.version < version || (entry.version === version && entry.digest !== digest);
  });
}
