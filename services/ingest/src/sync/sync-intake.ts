import { parseMessageSync, parseSessionSync, type Owner, type RequestWarning } from '@opensync/contracts';
import type { EventPublisher } from '@opensync/event-log';
import type { PayloadStore } from '@opensync/event-log/payloads';
import { AppError } from '@opensync/platform';
import { batchAnswer, parseBatch, type BatchAnswer } from './batch.ts';
import { messageDrafts, sessionDraft, type EventDraft } from './drafts.ts';
import { identityOf } from './request-identity.ts';
import { stampEvents } from './stamp.ts';
import { shownWarnings, type ShownWarning } from './warnings.ts';

/** One request from the routes, authenticated and parsed as JSON, but not interpreted yet. */
export interface SyncRequest {
  readonly owner: Owner;
  readonly body: unknown;
  /** A repetition under the same key stores nothing twice; another request under it is rejected. */
  readonly idempotencyKey?: string | undefined;
  /** Arrival, milliseconds since the epoch. */
  readonly time: number;
}

/** An answer that may be sent now: everything that it confirms is durable. */
export interface Stored<Answer> {
  readonly answer: Answer;
  /** How many events of the request the log has. */
  readonly events: number;
  /** The highest stream sequence of them; undefined if there are none. */
  readonly sequence: number | undefined;
}

export interface SessionAnswer {
  readonly ok: true;
  readonly sessionId: string;
  /** Its unusable values; the rest is stored. */
  readonly warnings?: readonly ShownWarning[];
}

export interface MessageAnswer {
  readonly ok: true;
  readonly messageId: string;
  readonly sessionId: string;
  readonly warnings?: readonly ShownWarning[];
}

/** Beyond this, one request would block all others for seconds; the body limit alone would allow far more. */
const MAX_EVENTS = 20_000;

/**
 * Turns requests of plugins into events and stores them. Each method resolves after the log has acknowledged every
 * event of the request, and throws AppError: INVALID_REQUEST with details, PAYLOAD_TOO_LARGE, CONFLICT if its key
 * belongs to another request, or UNAVAILABLE if the log does not store them (the request may then be partly stored;
 * sending it again completes it). Unusable values are not an error: the rest is stored, and the answer names them.
 */
export class SyncIntake {
  readonly #publisher: Pick<EventPublisher, 'publish'>;
  readonly #payloads: Pick<PayloadStore, 'put'>;
  readonly #onWarnings: (warnings: readonly RequestWarning[]) => void;

  /** @param onWarnings called with the repaired and omitted values of each stored item */
  constructor(
    publisher: Pick<EventPublisher, 'publish'>,
    payloads: Pick<PayloadStore, 'put'>,
    onWarnings: (warnings: readonly RequestWarning[]) => void = () => undefined,
  ) {
    this.#publisher = publisher;
    this.#payloads = payloads;
    this.#onWarnings = onWarnings;
  }

  async session(request: SyncRequest): Promise<Stored<SessionAnswer>> {
    const parsed = parseSessionSync(request.owner, request.body, request.time);
    if (!parsed.ok) throw new AppError('INVALID_REQUEST', 'This is not a session', { details: parsed.details });
    const stored = await this.#store('session', request, [[sessionDraft(parsed.value)]]);
    this.#onWarnings(parsed.warnings);
    return { answer: { ok: true, sessionId: parsed.value.sessionId, ...shownWarnings(parsed.warnings) }, ...stored };
  }

  async message(request: SyncRequest): Promise<Stored<MessageAnswer>> {
    const parsed = parseMessageSync(request.owner, request.body, request.time);
    if (!parsed.ok) throw new AppError('INVALID_REQUEST', 'This is not a message', { details: parsed.details });
    const { messageId, sessionId } = parsed.value.message;
    const stored = await this.#store('message', request, [
      await messageDrafts(request.owner, parsed.value, this.#payloads),
    ]);
    this.#onWarnings(parsed.warnings);
    return { answer: { ok: true, messageId, sessionId, ...shownWarnings(parsed.warnings) }, ...stored };
  }

  /** Stores every valid item; the answer has the outcome of each. */
  async batch(request: SyncRequest): Promise<Stored<BatchAnswer>> {
    const items = parseBatch(request.owner, request.body, request.time, MAX_EVENTS);
    const drafts = await Promise.all(
      items.map((item) => {
        if ('session' in item) return [sessionDraft(item.session)];
        return 'message' in item ? messageDrafts(request.owner, item.message, this.#payloads) : [];
      }),
    );
    const stored = await this.#store('batch', request, drafts);
    for (const { warnings } of items) this.#onWarnings(warnings);
    return { answer: batchAnswer(items), ...stored };
  }

  /** @param items the drafts of each item of the request; the log stores all of an item or nothing */
  async #store(
    route: string,
    { owner, time, idempotencyKey, body }: SyncRequest,
    items: readonly (readonly EventDraft[])[],
  ): Promise<Omit<Stored<never>, 'answer'>> {
    const count = items.reduce((sum, drafts) => sum + drafts.length, 0);
    if (count === 0) return { events: 0, sequence: undefined };
    if (count > MAX_EVENTS) {
      throw new AppError(
        'PAYLOAD_TOO_LARGE',
        `A request may have at most ${MAX_EVENTS} sessions, messages and parts; send several requests`,
      );
    }
    const identity = idempotencyKey === undefined ? undefined : identityOf(owner, idempotencyKey, route, body);
    const events = stampEvents(items, { owner, time, identity });
    const sequences = await this.#publisher.publish(events, { claim: identity });
    return { events: count, sequence: sequences.reduce((highest, sequence) => Math.max(highest, sequence)) };
  }
}
