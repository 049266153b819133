import { isHidden, type SessionState } from '@opensync/contracts';
import type { LoadedDocuments, Revised } from './port.ts';

/** Loaded sessions by id, with those that no reader may see separate. */
export function byPresence(states: Iterable<Revised<SessionState>>): Pick<LoadedDocuments, 'sessions' | 'gone'> {
  const sessions = new Map<string, Revised<SessionState>>();
  const gone = new Map<string, Revised<SessionState>>();
  for (const state of states) (isHidden(state) ? gone : sessions).set(state.id, state);
  return { sessions, gone };
}
