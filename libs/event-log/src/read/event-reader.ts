import type { RawEvent } from '@opensync/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/** Someone waits for the answer. */
const TIMEOUT_MS = 2_000;

/** Reads single events of the log. */
export class EventReader {
  readonly #nc: LogConnection;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /**
   * The message at a stream sequence, or undefined where there is none (any more). The caller must check whose it is. One
   * that was acknowledged before is found.
   * @throws AppError UNAVAILABLE where the log does not answer
   */
  async get(sequence: number): Promise<RawEvent | undefined> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false, timeout: TIMEOUT_MS });
      const query = { seq: sequence };
      // Any replica answers a direct get, one too that has not got what was just acknowledged: the leader has the last word.
      const stored =
        (await manager.direct.getMessage(STREAM.events, query)) ??
        (await manager.streams.getMessage(STREAM.events, query));
      if (!stored) return undefined;
      return {
        subject: stored.subject,
        sequence: stored.seq,
        header: (name) => stored.header.get(name) || undefined,
        body: () => stored.string(),
      };
    });
  }
}
