import {
  consumerOfDeadLetter,
  deadLetterSubject,
  deadLetterSubjects,
  DLQ_SUBJECTS,
  parseChangeSubject,
  parseEventSubject,
  type PayloadScope,
} from '@opensync/contracts';
import { jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';
import { find } from '../topology/find.ts';
import { isGoneAlready } from '../jetstream-codes.ts';
import type { HeldMessage } from '../consume/delivery.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/** Headers of a dead letter, next to those of the original message. */
const HEADER = {
  kind: 'Osk-Kind',
  document: 'Osk-Document',
  reason: 'Osk-Reason',
  consumer: 'Osk-Consumer',
  sequence: 'Osk-Original-Sequence',
  subject: 'Osk-Original-Subject',
  attempts: 'Osk-Attempts',
  /** The body is in the payload store, because with these headers the message would be too large. */
  bodySha256: 'Osk-Body-Sha256',
  /** The length of that body. */
  bodyBytes: 'Osk-Body-Bytes',
} as const;

/** The server accepts 64 KiB of headers; the rest is for ours. */
const ORIGINAL_HEADER_BYTES = 48 * 1024;
const HEADER_BYTES = 64 * 1024;
const REASON_CHARACTERS = 1000;
const PAGE = 50;

type LetterQuery = { readonly seq: number; readonly next_by_subj?: string } | { readonly last_by_subj: string };

/** Why a message could not be processed. */
export const DEAD_LETTER_KINDS = [
  /** Not an event, or not a change: its subject, headers or body cannot be read. */
  'malformed',
  /** An event of a type that this process does not know; a newer one may. */
  'unknown-type',
  /** The handler fails on this message and on no other. */
  'failed',
  /** It killed the processes that processed it. */
  'lethal',
  /** The index will never accept the document. */
  'refused',
  /** The embedding model returns no vector for some of the document's text; its words are indexed. */
  'not-embedded',
] as const;
export type DeadLetterKind = (typeof DEAD_LETTER_KINDS)[number];

/** Facts about a message that a consumer could not process, without its body. */
export interface LetterFacts {
  /** Sequence in the dead-letter stream. */
  readonly sequence: number;
  readonly consumer: string;
  readonly kind: DeadLetterKind;
  readonly reason: string;
  /** The document that the letter is about; undefined for the whole message. */
  readonly documentId: string | undefined;
  readonly originalSequence: number;
  readonly originalSubject: string;
  readonly attempts: number;
  /** When it was dead-lettered, milliseconds since the epoch. */
  readonly time: number;
  /** Of the original message. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body. */
  readonly bytes: number;
}

/** A message that a consumer could not process, or its remaining part. */
export interface DeadLetter extends LetterFacts {
  /** The body of the original message, or its part that could not be processed. */
  readonly body: Uint8Array;
}

/** Messages that consumers could not process. */
export class DeadLetters {
  readonly #nc: LogConnection;
  readonly #payloads: PayloadStore;

  constructor(nc: LogConnection) {
    this.#nc = nc;
    this.#payloads = new PayloadStore(nc);
  }

  /**
   * Resolves with its sequence once the letter is durably stored; a repetition within minutes is stored once.
   * `documentId` names the document that it is about, and replaces earlier letters about it; `body` replaces the
   * message's own if only part of it remains.
   * @throws AppError UNAVAILABLE
   */
  async bury(
    message: HeldMessage,
    {
      consumer,
      kind,
      reason,
      documentId,
      body,
    }: Pick<DeadLetter, 'consumer' | 'kind' | 'reason'> & { documentId?: string; body?: string },
  ): Promise<{ sequence: number }> {
    const key = documentId ?? message.sequence;
    const data = body === undefined ? message.data : Buffer.from(body);
    const letter = headers();
    copyHeaders(message, letter);
    letter.set(HEADER.kind, kind);
    letter.set(HEADER.reason, oneLine(reason));
    letter.set(HEADER.consumer, consumer);
    if (documentId !== undefined) letter.set(HEADER.document, documentId);
    letter.set(HEADER.sequence, String(message.sequence));
    letter.set(HEADER.subject, message.subject);
    letter.set(HEADER.attempts, String(message.attempts));
    const tooLarge = data.length + HEADER_BYTES > (this.#nc.info?.max_payload ?? Infinity);
    if (tooLarge) {
      const { sha256 } = await this.#payloads.put(scopeOf(message.subject), data);
      letter.set(HEADER.bodySha256, sha256);
      letter.set(HEADER.bodyBytes, String(data.length));
    }
    const subject = deadLetterSubject(consumer, key);
    const { seq } = await orUnavailable(this.#nc, () =>
      jetstream(this.#nc).publish(subject, tooLarge ? new Uint8Array() : data, {
        headers: letter,
        msgID: `${consumer}.${message.sequence}.${key}`,
      }),
    );
    if (documentId !== undefined) await this.#dropEarlier(subject);
    return { sequence: seq };
  }

  /** Drops all but the newest letter: a document that changes often and is always rejected must not fill the disk. */
  #dropEarlier(subject: string): Promise<unknown> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      await manager.streams.purge(STREAM.deadLetters, { filter: subject, keep: 1 });
    });
  }

  /**
   * A page of the oldest dead letters after `after`, of one consumer or all, without their bodies, which may be
   * megabytes each, or lost.
   * @throws AppError UNAVAILABLE
   */
  async list({
    consumer,
    after = 0,
    limit = PAGE,
  }: { consumer?: string; after?: number; limit?: number } = {}): Promise<LetterFacts[]> {
    const page: LetterFacts[] = [];
    for (let next = after + 1; page.length < limit;) {
      const letter = await this.#next(consumer, next);
      if (!letter) break;
      page.push(factsOf(letter));
      next = letter.seq + 1;
    }
    return page;
  }

  /**
   * The newest letter of a consumer about a document (by id), or about a whole message (by its stream sequence).
   * @throws AppError UNAVAILABLE
   */
  async about(consumer: string, key: string | number): Promise<LetterFacts | undefined> {
    const stored = await this.#stored({ last_by_subj: deadLetterSubject(consumer, key) });
    return stored && factsOf(stored);
  }

  /** The facts about the dead letter with this sequence, if it exists. @throws AppError UNAVAILABLE */
  async facts(sequence: number): Promise<LetterFacts | undefined> {
    const stored = await this.#stored({ seq: sequence });
    return stored && factsOf(stored);
  }

  /** The dead letter with this sequence, if it exists. @throws PayloadLostError; AppError UNAVAILABLE */
  async get(sequence: number): Promise<DeadLetter | undefined> {
    const stored = await this.#stored({ seq: sequence });
    return stored && this.#read(stored);
  }

  /**
   * Deletes the dead letter with this sequence permanently; false if it does not exist. @throws AppError UNAVAILABLE
   */
  drop(sequence: number): Promise<boolean> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const deletion = () => manager.streams.deleteMessage(STREAM.deadLetters, sequence);
      return (await find(deletion, isGoneAlready)) ?? false;
    });
  }

  /**
   * Moves a letter whose replay failed to the end, with the new reason and one more attempt. Resolves with its new
   * sequence; undefined if the letter does not exist (any more).
   * @throws AppError UNAVAILABLE
   */
  async returnFailed(sequence: number, reason: string): Promise<{ sequence: number; attempts: number } | undefined> {
    const stored = await this.#stored({ seq: sequence });
    if (!stored) return undefined;
    const letter = headers();
    for (const [name, values] of stored.header) {
      if (!name.startsWith('Nats-')) for (const value of values) letter.append(name, value);
    }
    const attempts = Number(stored.header.get(HEADER.attempts)) + 1;
    letter.set(HEADER.reason, oneLine(reason));
    letter.set(HEADER.attempts, String(attempts));
    // Stored again before the old one is deleted, so that a crash in between loses nothing. The message id contains
    // the old sequence: with the id that `bury` uses, the server would treat it as a duplicate and store nothing.
    const { seq } = await orUnavailable(this.#nc, () =>
      jetstream(this.#nc).publish(stored.subject, stored.data, { headers: letter, msgID: `replay.${sequence}` }),
    );
    await this.drop(sequence);
    return { sequence: seq, attempts };
  }

  /** The first letter from a sequence on. Letters from before keys were introduced have a different subject. */
  async #next(consumer: string | undefined, seq: number): Promise<StoredMsg | undefined> {
    if (consumer === undefined) return this.#stored({ seq, next_by_subj: DLQ_SUBJECTS });
    const subjects = [deadLetterSubjects(consumer), `osk.dlq.${consumer}`];
    const found = await Promise.all(subjects.map((subject) => this.#stored({ seq, next_by_subj: subject })));
    return found.filter((letter) => letter !== undefined).toSorted((a, b) => a.seq - b.seq)[0];
  }

  #stored(query: LetterQuery): Promise<StoredMsg | undefined> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      // From the leader: any replica answers a direct get, even one that still has a deleted letter, or lacks the
      // newest.
      return (await manager.streams.getMessage(STREAM.deadLetters, query)) ?? undefined;
    });
  }

  async #read(stored: StoredMsg): Promise<DeadLetter> {
    const facts = factsOf(stored);
    const sha256 = stored.header.get(HEADER.bodySha256);
    const body = sha256 ? await this.#payloads.whole(scopeOf(facts.originalSubject), sha256) : stored.data;
    return { ...facts, bytes: body.length, body };
  }
}

function factsOf(stored: StoredMsg): LetterFacts {
  const header = (name: string) => stored.header.get(name);
  const own: readonly string[] = Object.values(HEADER);
  return {
    sequence: stored.seq,
    consumer: header(HEADER.consumer) || consumerOfDeadLetter(stored.subject) || '',
    // Letters from before kinds were introduced only say that they failed.
    kind: DEAD_LETTER_KINDS.find((kind) => kind === header(HEADER.kind)) ?? 'failed',
    documentId: header(HEADER.document) || undefined,
    reason: header(HEADER.reason),
    originalSequence: Number(header(HEADER.sequence)),
    originalSubject: header(HEADER.subject),
    attempts: Number(header(HEADER.attempts)),
    time: stored.time.getTime(),
    headers: Object.fromEntries(
      stored.header
        .keys()
        .filter((name) => !own.includes(name) && !name.startsWith('Nats-'))
        .map((name) => [name, header(name)]),
    ),
    bytes: Number(header(HEADER.bodyBytes)) || stored.data.length,
  };
}

/** A poisonous message may have any subject. */
function scopeOf(subject: string): PayloadScope {
  return parseEventSubject(subject)?.owner ?? parseChangeSubject(subject) ?? 'unscoped';
}

/** The headers of the original, if they are valid headers: the publisher may have sent anything. */
function copyHeaders(message: HeldMessage, letter: MsgHdrs): void {
  let bytes = 0;
  try {
    for (const [name, values] of message.headers ?? []) {
      // Headers that begin with Nats- are instructions to the server, e.g. to start a batch, and would be executed
      // again.
      if (name.startsWith('Nats-')) continue;
      for (const value of values) {
        bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
        if (bytes <= ORIGINAL_HEADER_BYTES) letter.append(name, value);
      }
    }
  } catch {
    // The headers are unreadable. The body and the position in the stream are kept.
  }
}

/** A header value must not contain line breaks, and a reason may quote a client's text. */
function oneLine(reason: string): string {
  return reason.slice(0, REASON_CHARACTERS).toWellFormed().replace(/\s+/g, ' ').trim();
}
