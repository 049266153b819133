import { aMessageSynced, aPartSynced, aSessionSynced, anOwner, aUserErased } from '@opensync/testkit';
import {
  appliedBodies,
  changesApplied,
  mergeChanges,
  messageIdOf,
  parseApplied,
  sessionIdOf,
  type NewEvent,
  type StoredEvent,
} from '@opensync/contracts';

const stored = (events: readonly NewEvent[]) =>
  events.map((event, at) => ({ ...event, sequence: at + 1 }) as StoredEvent);
const session = sessionIdOf(anOwner(), 'session-1');
const message = messageIdOf(session, 'message-1');

it('names each document once, with the events of a message’s parts', () => {
  const events = stored([aMessageSynced(), aPartSynced(), aPartSynced({ order: 1 }), aSessionSynced(), aUserErased()]);
  expect(changesApplied(events)).toEqual([
    { session, message, sequences: [1, 2, 3] },
    { session, message: undefined, sequences: [4] },
  ]);
});

it('splits what is announced into messages, which are read again', () => {
  const changes = Array.from({ length: 1_001 }, (_, at) => ({ session: `ses_${at}`, sequences: [at] }));
  const bodies = appliedBodies(changes);
  expect(bodies).toHaveLength(3);
  expect(bodies.flatMap((body) => parseApplied(JSON.parse(body)))).toEqual(changes);
  expect(appliedBodies([])).toEqual([]);
});

it.each([undefined, null, 'x', {}, { changes: [{ session: 1 }] }])('reads nothing from %j', (body) => {
  expect(parseApplied(body)).toEqual([]);
});

it('keeps the events of both changes of a document', () => {
  const later = { session, sequences: [3] };
  expect(mergeChanges({ session, sequences: [1, 2] }, later)).toEqual({ session, sequences: [1, 2, 3] });
  expect(mergeChanges(undefined, later)).toEqual(later);
});
