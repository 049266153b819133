import type { FastifyInstance, FastifyReply } from 'fastify';
import { AppError } from '../errors.ts';
import { FairBytes } from './fair-bytes.ts';
import type { Timeouts } from './timeouts.ts';

const RETRY_AFTER = 3;

/** A smaller answer is not counted: the buffers of its connection hold as much. */
const UNCOUNTED_BYTES = 16 * 1024;

/** The most that one answer counts: the largest lists must get through, even if nothing else does meanwhile. */
const LARGEST_SHARE = 1 / 2;

interface UnderWay {
  readonly bytes: number;
  /** When its client could begin to take it, in milliseconds. */
  since: number;
}

/**
 * Bounds what whole answers hold until their clients have taken them, and ends connections that do not take them: a client that reads
 * nothing costs memory for as long as its connection lives. Streams bound themselves, by what they hold at a time.
 */
export class AnswerBudget {
  readonly #bytes: FairBytes;
  readonly #largest: number;
  readonly #timeouts: Pick<Timeouts, 'slowAnswerMs' | 'answerRate' | 'checkMs'>;
  readonly #underWay = new Map<FastifyReply, UnderWay>();

  /** @param limit bytes */
  constructor(limit: number, timeouts: Pick<Timeouts, 'slowAnswerMs' | 'answerRate' | 'checkMs'>) {
    this.#bytes = new FairBytes(limit);
    this.#largest = limit * LARGEST_SHARE;
    this.#timeouts = timeouts;
  }

  /** Counts the answers of the routes that are added from here on. */
  addTo(instance: FastifyInstance): void {
    instance.addHook('onSend', (request, reply, payload, done) => {
      const bytes = bytesOf(payload);
      // If the client is already gone, no event reports the end of the answer.
      if (bytes <= UNCOUNTED_BYTES || reply.raw.destroyed) return done(null, payload);
      this.#bytes.open(reply, request.principal?.keyId ?? '');
      reply.raw.once('close', () => this.#end(reply));
      const taken = this.#bytes.take(reply, Math.min(bytes, this.#largest));
      if (taken !== 'taken') {
        this.#bytes.close(reply);
        return done(refusal(taken));
      }
      this.#underWay.set(reply, { bytes, since: performance.now() });
      done(null, payload);
    });
    const timer = setInterval(() => {
      for (const { raw } of this.late(performance.now())) raw.socket?.destroy();
    }, this.#timeouts.checkMs).unref();
    instance.addHook('onClose', (_instance, done) => {
      clearInterval(timer);
      done();
    });
  }

  /** The answers that their clients have not taken in time. @param now milliseconds */
  late(now: number): FastifyReply[] {
    const { slowAnswerMs, answerRate } = this.#timeouts;
    const late: FastifyReply[] = [];
    for (const [reply, answer] of this.#underWay) {
      // It waits for the answers before it on its connection.
      if (reply.raw.socket === null) answer.since = now;
      if (now - answer.since > slowAnswerMs + (answer.bytes / answerRate) * 1000) late.push(reply);
    }
    return late;
  }

  #end(reply: FastifyReply): void {
    this.#underWay.delete(reply);
    this.#bytes.close(reply);
  }
}

function bytesOf(payload: unknown): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return Buffer.isBuffer(payload) ? payload.length : 0;
}

function refusal(reason: 'full' | 'share'): AppError {
  const whose = reason === 'share' ? ' with this API key' : '';
  return new AppError('UNAVAILABLE', `Too many large answers${whose} are in progress; try again`, {
    retryAfter: RETRY_AFTER,
  });
}
