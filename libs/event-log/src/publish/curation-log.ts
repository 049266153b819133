import { definitionOf, eventSubject, type NewEvent, type Owner } from '@opensync/contracts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { currentTraceparent } from '@opensync/platform/telemetry';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { encodeEvent, EncodedHeaders } from './wire.ts';

/**
 * What people say about the sessions of an owner, which has a subject of its own. An event is stored only if it
 * is based on the last one of the owner: the stream compares and sets, so the condition is exact for all replicas.
 */
export class CurationLog {
  readonly #nc: LogConnection;
  readonly #source: string;

  /** @param source `ce-source` of the events */
  constructor(nc: LogConnection, source: string) {
    this.#nc = nc;
    this.#source = source;
  }

  /** The sequence of the owner's last such event, according to the leader; 0 if there is none. @throws AppError UNAVAILABLE */
  last(owner: Owner): Promise<number> {
    return orUnavailable(this.#nc, async () => {
      const { streams } = await jetstreamManager(this.#nc, { checkAPI: false });
      const message = await streams.getMessage(STREAM.events, { last_by_subj: eventSubject(owner, 'curation') });
      return message?.seq ?? 0;
    });
  }

  /**
   * Stores the event if `after` still is the sequence of the owner's last one. Resolves with its sequence once it is
   * durable; with undefined if another one was stored meanwhile.
   * @throws AppError UNAVAILABLE; it may have been stored all the same
   */
  async append(event: NewEvent, after: number): Promise<number | undefined> {
    if (definitionOf(event.type).entity !== 'curation') throw new TypeError(`${event.type} is no curation`);
    const encoding = { source: this.#source, deduplicate: true, traceparent: currentTraceparent() };
    const { subject, headers, body, bytes } = encodeEvent(event, encoding);
    const release = this.#nc.acceptance.admit(bytes);
    try {
      const condition = `Nats-Expected-Last-Subject-Sequence: ${after}\r\n`;
      const { seq } = await orUnavailable(this.#nc, () =>
        jetstream(this.#nc).publish(subject, body, { headers: new EncodedHeaders(headers + condition) }),
      );
      return seq;
    } catch (error) {
      if (isConflict((error as Error).cause)) return undefined;
      throw error;
    } finally {
      release();
    }
  }
}
