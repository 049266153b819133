import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { PendingRemovals } from '../removal/pending.ts';
import { lostEventsIn } from '../read/lost-events.ts';
import { STREAM } from '../topology/names.ts';
import { requestLogProblems } from './log-problems.ts';

/** The state of the log, the same for every caller. */
export interface LogStatus {
  readonly server: string;
  /** Its address, without credentials. */
  readonly location: string;
  readonly events: number;
  readonly bytes: number;
  /** OPENSYNC_EVENTS_MAX_BYTES, as the server has it. */
  readonly maxBytes?: number;
  readonly lastSequence: number;
  /** The minimum number of lost events. */
  readonly lost?: number;
  readonly deadLetters: number;
  /**
   * Owners whose deleted sessions have payloads waiting for removal, and since when the first of them waits. Absent
   * if there are none.
   */
  readonly removals?: Removals | { readonly problem: string };
  /** Streams that are not there. */
  readonly missing: readonly string[];
  /** Why writes are rejected, according to the writing processes. */
  readonly problems: readonly string[];
}

export interface Removals {
  readonly owners: number;
  readonly since: number;
}

/** Reads the current state of the log. */
export async function readLog(nc: LogConnection): Promise<LogStatus> {
  const manager = await jetstreamManager(nc);
  const streams = new Map(
    await Promise.all(
      Object.values(STREAM).map(
        async (name) => [name, await manager.streams.info(name).catch(() => undefined)] as const,
      ),
    ),
  );
  const events = streams.get(STREAM.events);
  const maxBytes = events?.config.max_bytes ?? -1;
  const lost = events ? await lostEventsIn(nc, events.state) : 0;
  const [problems, removals] = await Promise.all([requestLogProblems(nc), readRemovals(nc)]);
  return {
    server: `nats-server ${nc.info?.version ?? '?'}`,
    location: nc.getServer(),
    events: events?.state.messages ?? 0,
    bytes: events?.state.bytes ?? 0,
    ...(maxBytes > 0 && { maxBytes }),
    lastSequence: events?.state.last_seq ?? 0,
    ...(lost > 0 && { lost }),
    deadLetters: streams.get(STREAM.deadLetters)?.state.messages ?? 0,
    ...(removals && { removals }),
    missing: [...streams].filter(([, info]) => info === undefined).map(([name]) => name),
    problems,
  };
}

/** Undefined if nothing is left to do, also if no version that removes payloads has run yet. */
async function readRemovals(nc: LogConnection): Promise<LogStatus['removals']> {
  try {
    const removals = await new PendingRemovals(nc).all();
    if (removals.length === 0) return undefined;
    return { owners: removals.length, since: Math.min(...removals.map(({ since }) => since)) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
