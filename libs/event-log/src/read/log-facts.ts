import { HEADER } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';
import { requestRaising } from '../topology/keeper.ts';
import { raiseEvents } from '../topology/raise-events.ts';
import { orUnavailable } from '../unavailable.ts';
import { streamEnds } from './replay.ts';

/** The log's facts about a store. */
export interface LogFacts {
  /** The sequences of its first and its last event. */
  readonly first: number;
  readonly last: number;
  /**
   * Events up to this sequence were delivered to the store and acknowledged; 0: none. It may lag slightly. For an
   * index, which receives changes, 1 means any.
   */
  readonly given: number;
  /** The last recorded position of the store; undefined if none was recorded. */
  readonly confirmed: number | undefined;
  /**
   * Whether the log has the event that the store names as its witness; undefined if the store names none, or the
   * event is gone.
   */
  readonly isSameLog: boolean | undefined;
}

/** An event by its sequence and its unique id. An import keeps both. */
export interface EventRef {
  readonly sequence: number;
  readonly id: string;
}

/**
 * The event at this sequence, by its id, or by its time of storage if it is not an event. @throws AppError
 * UNAVAILABLE
 */
export async function eventAt(nc: LogConnection, sequence: number): Promise<EventRef | undefined> {
  if (sequence === 0) return undefined;
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    // From the leader: a replica may lack recently acknowledged messages.
    const stored = await manager.streams.getMessage(STREAM.events, { seq: sequence });
    return stored ? { sequence, id: stored.header.get(HEADER.id) || stored.time.toISOString() } : undefined;
  });
}

export interface StoreInLog {
  /** As in LogFacts. */
  readonly given: number;
  /**
   * As in LogFacts. Read it before you ask the store for its position: another process may move and confirm that in
   * between, and the store would look older than it is.
   */
  readonly confirmed: number | undefined;
  /** The store's witness event, if it names one. */
  readonly witness: EventRef | undefined;
}

/** The log's facts about a store, and whether the log has no events at all. @throws AppError UNAVAILABLE */
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
 * Makes an empty log continue above a sequence, so that new events count for stores that hold events up to it. False
 * if the log is not empty.
 * @throws AppError UNAVAILABLE
 */
export async function continueAbove(nc: LogConnection, sequence: number): Promise<boolean> {
  return orUnavailable(nc, async () => {
    if (nc.topology?.isKeptHere === false) return requestRaising(nc, sequence);
    return raiseEvents(await jetstreamManager(nc, { checkAPI: false }), sequence);
  });
}
