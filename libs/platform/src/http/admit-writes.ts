import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type {
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  preValidationHookHandler,
  RouteOptions,
} from 'fastify';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { counter, gauge, histogram, METRIC, type Registry } from '../telemetry/index.ts';
import { DEFAULT_ACCESS } from './access.ts';
import { Admission, type WriteClass } from './admission.ts';
import { PreparedRefusal } from './prepared-refusal.ts';
import type { StandingHeaders } from './standing-headers.ts';

const RETRY_AFTER = 1;
/** Callers whose keys were valid a moment ago. */
const MOST_CALLERS = 10_000;
const WRITE_CLASSES = ['event', 'batch'] as const satisfies WriteClass[];

/** A write that was turned away because there are too many. It is counted, not logged: there may be thousands a second. */
export class OverloadError extends AppError {
  override readonly name = 'OverloadError';

  constructor(message: string) {
    super('UNAVAILABLE', message, { retryAfter: RETRY_AFTER });
  }
}

/** Made once: most of the time of an error goes into its stack, and these have the same. */
const REFUSALS: Readonly<Record<WriteClass, OverloadError>> = {
  event: new OverloadError('More is being written than this server can store in time; send this request again later'),
  batch: new OverloadError(
    'More is being written than this server can store in time, and batches give way first; send this batch again later',
  ),
};

/** The class of a route that only writes what plugins send; undefined for all others. */
export function writeClassOf({ method, config }: Pick<RouteOptions, 'method' | 'config'>): WriteClass | undefined {
  const access = config?.access ?? DEFAULT_ACCESS;
  const isWrite = access !== 'public' && access.length === 1 && access[0] === 'ingest' && method === 'POST';
  if (!isWrite) return undefined;
  return config?.isBatch ? 'batch' : 'event';
}

type BodyHook = onRequestHookHandler & preValidationHookHandler;

/** Takes a place for the request, or throws. It runs as soon as the caller is known. */
export type Admit = (request: FastifyRequest, reply: FastifyReply, keyId: string) => void;

/** Turns writes away while there are more than this process can answer in time; reads and the routes of operators never. */
export class WriteAdmission {
  readonly #admission: Admission;
  readonly #onRefused: (kind: WriteClass) => void;
  readonly #observe: (route: string, ms: number) => void;
  /** By path. */
  readonly #routes = new Map<string, WriteClass>();
  /** The keys of callers that were let in while others were turned away, by their `Authorization`. */
  readonly #callers = new Map<string, string>();

  constructor({
    from,
    now,
    logger,
    metrics,
  }: {
    readonly from: number;
    readonly now: () => number;
    readonly logger: Logger;
    readonly metrics?: Registry | undefined;
  }) {
    const admission = new Admission({
      from,
      now,
      onChange: (isShedding) => {
        if (isShedding) logger.warn('more writes than can be stored in time: turning some away, batches first');
        else logger.warn('all writes are taken again');
      },
    });
    this.#admission = admission;
    if (!metrics) {
      this.#onRefused = this.#observe = () => undefined;
      return;
    }
    const refused = counter(metrics, METRIC.shedRequests);
    const durations = histogram(metrics, METRIC.httpRequest);
    this.#observe = (route, ms) => durations.observe({ method: 'POST', route, status: '503' }, ms / 1000);
    this.#onRefused = (kind) => refused.inc({ class: kind, reason: 'load' });
    gauge(metrics, METRIC.writesInProgress, () =>
      WRITE_CLASSES.map((kind) => ({ value: admission.inProgress(kind), labels: { class: kind } })),
    );
    gauge(metrics, METRIC.writesLimit, () =>
      WRITE_CLASSES.flatMap((kind) => {
        const value = admission.limit(kind);
        return value === undefined ? [] : [{ value, labels: { class: kind } }];
      }),
    );
  }

  /**
   * Looks at requests before the framework does: under overload most are turned away, and what each of them costs is lost for those
   * that are taken. What is unusual about a request, or a caller who is not known yet, is left to the hooks.
   */
  addTo(
    server: Server,
    {
      headersFor,
      isStopping,
      watchRest,
    }: {
      readonly headersFor: StandingHeaders;
      readonly isStopping: () => boolean;
      /** Ends the connection of a request whose body hardly arrives. */
      readonly watchRest: (request: IncomingMessage) => void;
    },
  ): void {
    const refusals = {
      event: new PreparedRefusal(REFUSALS.event, headersFor),
      batch: new PreparedRefusal(REFUSALS.batch, headersFor),
    };
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      const begunAt = performance.now();
      const kind = this.#admission.isShedding && !isStopping() ? this.#refusedClassOf(request) : undefined;
      if (!kind) {
        for (const listener of listeners) listener(request, response);
        return;
      }
      refusals[kind].answer(request, response);
      watchRest(request);
      this.#onRefused(kind);
      this.#observe(request.url!, performance.now() - begunAt);
    });
  }

  /** The class of a write that is turned away without another look; undefined for all other requests. */
  #refusedClassOf({ method, url = '', headers }: IncomingMessage): WriteClass | undefined {
    const { authorization, cookie, expect } = headers;
    const kind = method === 'POST' ? this.#routes.get(url) : undefined;
    const isUnusual = cookie !== undefined || expect !== undefined || headers['transfer-encoding'] !== undefined;
    if (!kind || isUnusual || authorization === undefined) return undefined;
    const keyId = this.#callers.get(authorization);
    return keyId !== undefined && this.#admission.refuses(keyId, kind) ? kind : undefined;
  }

  /** The hooks of a route of this class. */
  of(
    kind: WriteClass,
    path: string,
  ): { readonly admit: Admit; readonly bodyBegins: BodyHook; readonly bodyEnded: BodyHook } {
    this.#routes.set(path, kind);
    return {
      admit: (request, reply, keyId) => {
        const place = this.#admission.enter(keyId, kind);
        if (!place) {
          this.#onRefused(kind);
          throw REFUSALS[kind];
        }
        request.place = place;
        const { authorization } = request.headers;
        if (this.#admission.isShedding && authorization !== undefined) {
          if (this.#callers.size >= MOST_CALLERS) this.#callers.clear();
          this.#callers.set(authorization, keyId);
        }
        // For answers that were sent and for connections that were lost.
        reply.raw.on('close', () => place.leave(reply.raw.writableFinished && reply.statusCode < 300));
      },
      // While a client sends its body, however slowly, it keeps nobody out.
      bodyBegins: ({ place }, _reply, done) => {
        place!.pause();
        done();
      },
      bodyEnded: ({ place }, _reply, done) => {
        place!.resume();
        done();
      },
    };
  }
}
