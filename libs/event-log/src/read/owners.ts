import { EVENT_SUBJECTS, isAboutPeople, ownerKey, parseEventSubject, type Owner } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/**
 * Everybody who has session events, always in the same order. Derived from subjects, so no store has to be read
 * across owners.
 * @throws AppError UNAVAILABLE
 */
export async function ownersInLog(nc: LogConnection): Promise<Owner[]> {
  const subjects = await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    return (await manager.streams.info(STREAM.events, { subjects_filter: EVENT_SUBJECTS })).state.subjects ?? {};
  });
  const owners = new Map<string, Owner>();
  for (const subject of Object.keys(subjects)) {
    const owner = isAboutPeople(subject) ? undefined : parseEventSubject(subject)?.owner;
    if (owner) owners.set(ownerKey(owner), owner);
  }
  return [...owners].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, owner]) => owner);
}
