import { HEADER } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';
import { raiseEvents } from '../topology/raise-events.ts';
import { orUnavailable } from '../unavailable.ts';
import { streamEnds } from './replay.ts';

/** What the log knows of a store. */
export interface LogFacts {
  /** The sequences of its first and its last event. */
  readonly first: number;
  readonly last: number;
  /**
   * Events up to this sequence were given to the store and acknowledged; 0: none. It may be a little behind. For an index, to
   * which changes are given, 1 stands for any.
   */
  readonly given: number;
  /** The position that the store was last seen to have; undefined if none was recorded. */
  readonly confirmed: number | undefined;
  /** Whether the log has the event that the store names as its witness; undefined if the store names none, or it is gone. */
  readonly isSameLog: boolean | undefined;
}

/** An event by its place in the log and what tells it from every other one. An import keeps both. */
export interface EventRef {
  readonly sequence: number;
  readonly id: string;
}

/** The event at this sequence, by its id, or by when it was stored if it is no event at all. @throws AppError UNAVAILABLE */
export async function eventAt(nc: LogConnection, sequence: number): Promise<EventRef | undefined> {
  if (sequence === 0) return undefined;
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    // Of the leader: a replica may lack what was just acknowledged.
    const stored = await manager.streams.getMessage(STREAM.events, { seq: sequence });
    return stored ? { sequence, id: stored.header.get(HEADER.id) || stored.time.toISOString() } : undefined;
  });
}

export interface StoreInLog {
  /** As in LogFacts. */
  readonly given: number;
  /**
   * As in LogFacts. To be read before the store is asked for its position: another process may move that and confirm it in
   * between, and the store would look older than it is.
   */
  readonly confirmed: number | undefined;
  /** The event that the store names, if it does. */
  readonly witness: EventRef | undefined;
}

/** What the log knows of a store, and whether it has no events at all. @throws AppError UNAVAILABLE */
export async function logFacts(
  nc: LogConnection,
  { given, confirmed, witness }: StoreInLog,
): Promise<LogFacts & { readonly isLogEmpty: boolean }> {
  const { first, last, messages } = await streamEnds(nc);
  const isThere = witness !== undefined && witness.sequence >= first && witness.sequence <= last;
  const found = isThere ? await eventAt(nc, witness.sequence) : undefined;
  return {
    first,
    last,
    given,
    confirmed,
    isSameLog: found && found.id === witness!.id,
    isLogEmpty: messages === 0,
  };
}

/**
 * Has an empty log go on above a sequence, so that what is written counts for stores that hold events up to it. False if the
 * log is not empty.
 * @throws AppError UNAVAILABLE
 */
export async function continueAbove(nc: LogConnection, sequence: number): Promise<boolean> {
  return orUnavailable(nc, async () => raiseEvents(await jetstreamManager(nc, { checkAPI: false }), sequence));
}
