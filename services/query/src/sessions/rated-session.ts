import { costJson, sessionView, type CostJson, type SessionState } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';
import { sessionJson, type SessionJson } from './session-json.ts';

/** A session with what it costs, as `/api/stats` counts it; `cost` alone is what its agent reported. */
export interface RatedSession extends SessionJson {
  /** Null until the figures, which follow the documents by some seconds, know the session. */
  readonly costs: CostJson | null;
}

/** These in their order. */
export async function ratedSessions(
  documents: Pick<DocumentStore, 'sessionTotals'>,
  states: readonly SessionState[],
): Promise<readonly RatedSession[]> {
  if (states.length === 0) return [];
  const totals = await documents.sessionTotals(states.map(({ owner, id }) => ({ owner, sessionId: id })));
  return states.map((state, at) => {
    const amounts = totals[at];
    return { ...sessionJson(sessionView(state)), costs: amounts ? costJson(amounts) : null };
  });
}
