import { isAboutPeople } from '@opensync/contracts';
import { jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { headers, nuid } from '@nats-io/transport-node';
import { retrying, TryAgain } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import { streamEnds } from '../read/replay.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';
import { ORIGIN_HEADER, originOf, sequenceIn, TransferError, type EventLine } from './lines.ts';

/** As in EventPublisher: JetStream's batch limit, and the bytes that the server may stage. */
const BATCH_EVENTS = 1000;
const BATCH_BYTES = 8 * 1024 * 1024;
const ACK_MS = 10_000;
const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 250;
const ORIGIN_ROOM_BYTES = 256;
/** The headers of an event. Others could be instructions to the server. */
const EVENT_HEADER = /^(ce-[a-z0-9]+|content-type|traceparent|tracestate)$/;

/** An event's approximate length on the wire, to bound a batch. */
function sizeOf({ headers, body, base64 }: EventLine): number {
  const content = body === undefined ? (base64?.length ?? 0) : Buffer.byteLength(body);
  return content + headers.reduce((sum, [name, value]) => sum + name.length + value.length, ORIGIN_ROOM_BYTES);
}

/**
 * Writes the events of another log to EVENTS, in order, each exactly once, despite interruptions: each batch names
 * the sequence that it follows, and each event names its source.
 */
export class EventImporter {
  readonly #nc: LogConnection;
  readonly #source: string;
  #last: number;
  #batch: EventLine[] = [];
  #bytes = 0;
  /** The last source sequence that is stored here; 0 at the beginning. */
  readonly resumeAfter: number;
  /** Whether an event got a different sequence, because sequences were missing at the source. */
  renumbered = false;

  private constructor(nc: LogConnection, source: string, last: number, resumeAfter: number) {
    this.#nc = nc;
    this.#source = source;
    this.#last = last;
    this.resumeAfter = resumeAfter;
  }

  /**
   * Users, workspaces and keys that were created on the target do not conflict: each event about them contains all
   * facts, and they affect no order.
   * @throws TransferError if the log has other events that are not from this source; AppError UNAVAILABLE
   */
  static async open(nc: LogConnection, source: string): Promise<EventImporter> {
    const { first, last, messages } = await streamEnds(nc);
    if (messages === 0) return new EventImporter(nc, source, last, 0);
    const stored = await orUnavailable(nc, () => lastBesidePeople(nc, source, { first, last }));
    if (!stored) return new EventImporter(nc, source, last, 0);
    const resumeAfter = sequenceIn(source, stored.header.get(ORIGIN_HEADER));
    if (resumeAfter === undefined) {
      throw new TransferError(
        `the target already has events of its own (${messages}); import into an empty log, because the meaning of events depends on their order`,
      );
    }
    return new EventImporter(nc, source, last, resumeAfter);
  }

  /** @throws TransferError, AppError UNAVAILABLE or PAYLOAD_TOO_LARGE */
  async add(event: EventLine): Promise<void> {
    const size = sizeOf(event);
    if (this.#batch.length === BATCH_EVENTS || this.#bytes + size > BATCH_BYTES) await this.flush();
    this.#batch.push(event);
    this.#bytes += size;
  }

  /** Resolves once everything that was added is durably stored. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    if (batch.length === 0) return;
    const attempt = async () => {
      const problem = await this.#publish(batch).then(
        () => undefined,
        (error: unknown) => error ?? new Error('refused'),
      );
      // A lost answer or an error does not say what is stored; the stream does.
      const last = await streamEnds(this.#nc).then(
        (ends) => ends.last,
        () => undefined,
      );
      if (last === this.#last + batch.length) {
        this.renumbered ||= batch[batch.length - 1]!.sequence !== last;
        this.#last = last;
        this.#batch = [];
        this.#bytes = 0;
        return;
      }
      if (last !== undefined && last !== this.#last) {
        throw new TransferError('another process writes to the target; stop its ingest, empty it and import again');
      }
      throw new TryAgain(unavailable(problem));
    };
    await retrying(attempt, { attempts: ATTEMPTS, firstPauseMs: FIRST_PAUSE_MS, isRetried: () => false });
  }

  async #publish(batch: readonly EventLine[]): Promise<void> {
    const id = nuid.next();
    for (const [at, event] of batch.entries()) {
      const lines = headers();
      for (const [name, value] of event.headers) if (EVENT_HEADER.test(name)) lines.append(name, value);
      lines.set(ORIGIN_HEADER, originOf(this.#source, event.sequence));
      lines.set('Nats-Batch-Id', id);
      lines.set('Nats-Batch-Sequence', String(at + 1));
      if (at === 0) lines.set('Nats-Expected-Last-Sequence', String(this.#last));
      const data = event.body ?? Buffer.from(event.base64 ?? '', 'base64');
      if (at < batch.length - 1) {
        this.#nc.publish(event.subject, data, { headers: lines });
        continue;
      }
      lines.set('Nats-Batch-Commit', '1');
      const answer = await this.#nc.request(event.subject, data, { headers: lines, timeout: ACK_MS });
      const { error } = answer.json<{ error?: { description: string } }>();
      if (error) throw new Error(error.description);
    }
  }
}

/** The last event that is from the source, or not about people; undefined if there is none. */
async function lastBesidePeople(
  nc: LogConnection,
  source: string,
  { first, last }: { first: number; last: number },
): Promise<StoredMsg | undefined> {
  const { streams } = await jetstreamManager(nc, { checkAPI: false });
  for (let seq = last; seq >= first; seq--) {
    const stored = await streams.getMessage(STREAM.events, { seq });
    if (!stored) continue;
    const isImported = sequenceIn(source, stored.header.get(ORIGIN_HEADER)) !== undefined;
    if (isImported || !isAboutPeople(stored.subject)) return stored;
  }
  return undefined;
}
