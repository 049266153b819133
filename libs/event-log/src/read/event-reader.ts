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
   * The message at a stream sequence, or undefined if it does not exist (any more). The caller must check its owner.
   * An acknowledged message is always found.
   * @throws AppError UNAVAILABLE if the log does not answer
   */
  async get(sequence: number): Promise<RawEvent | undefined> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false, timeout: TIMEOUT_MS });
      const query = { seq: sequence };
      // Any replica answers a direct get, even one that lacks recently acknowledged messages: the leader decides.
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
