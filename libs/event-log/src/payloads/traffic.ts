import { ByteBudget } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import type { Link } from '../link.ts';
import { PayloadReads } from './payload-reads.ts';
import { ReadLane } from './read-lane.ts';

/**
 * Bytes that wait for their acks on a connection. Puts use the connection of the events that refer to them, so that a
 * disconnect caused by heavy reads cannot stop them; with more bytes, events would wait behind them.
 */
const WRITE_BYTES = 16 * 1024 * 1024;
const WRITE_WAIT_MS = 10_000;

/** The kind of reader: people, whose number of requests is unlimited, or the projections and the command line. */
export type Lane = 'requests' | 'background';

/** The limits that all payload stores on one connection share, and how their reads end. */
export class PayloadTraffic {
  readonly reads = new PayloadReads();
  readonly writing = new ByteBudget({
    limit: WRITE_BYTES,
    waitMs: WRITE_WAIT_MS,
    refusal: 'Too much large content is being stored at the moment; send this again',
    retryAfter: 2,
  });
  readonly lanes: Readonly<Record<Lane, ReadLane>>;

  /** @param openLane opens a connection to the same servers, for this lane alone */
  constructor(link: Link, openLane: (lane: Lane) => Promise<LogConnection>) {
    const lane = (name: Lane) => new ReadLane(link, this.reads, () => openLane(name));
    this.lanes = { requests: lane('requests'), background: lane('background') };
  }
}
