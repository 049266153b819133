import { EMBED_SUBJECT, embedResponseSchema, HEADER, type EmbedRequest } from '@opensync/contracts';
import { AppError, vectorSpaceOf, type EmbeddingModel, type TextRole } from '@opensync/platform';
import { currentTraceparent } from '@opensync/platform/telemetry';
import { headers, type Msg } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';
import { watchedRequest } from './signs-of-life.ts';
import { decodeFailure, decodeVector, EMBED_HEADER } from './wire.ts';

const MAX_TEXTS = 64;
/** Half of NATS' default max_payload of 1 MiB, which leaves room for JSON escapes and headers. */
const MAX_MESSAGE_BYTES = 512 * 1024;

/**
 * How many requests a caller with many texts should have open. A local model computes one after the other: further
 * requests only wait, and time out. A remote API handles many.
 */
export function requestsAtOnce({ provider }: EmbeddingModel): number {
  return provider === 'local' ? 1 : 8;
}

export interface EmbedCallOptions {
  /** What the texts are. */
  readonly role: TextRole;
  /** Per request. */
  readonly timeoutMs: number;
  /** How many attempts the embedder makes if its model fails; default: the embedder's own. */
  readonly attempts?: number | undefined;
}

/** Asks the embedders on NATS for vectors. */
export class EmbeddingClient {
  readonly #nc: LogConnection;
  readonly #modelNow: () => EmbeddingModel;

  /** @param model asked for with each request if it is a function */
  constructor(nc: LogConnection, model: EmbeddingModel | (() => EmbeddingModel)) {
    this.#nc = nc;
    this.#modelNow = typeof model === 'function' ? model : () => model;
  }

  /**
   * One vector of unit length and `model.dimensions` for each text, in order. Long lists are sent as several requests
   * of at most 64 texts, one after the other; `timeoutMs` applies to each of them. If one fails, the results of the
   * others are lost: to keep them, ask for less at a time.
   * @throws AppError UNAVAILABLE if no embedder answers in time, or the answering one serves another model, or would
   * give passages another form; INVALID_REQUEST if a text is not acceptable.
   */
  async embed(texts: readonly string[], options: EmbedCallOptions): Promise<Float32Array[]> {
    const model = this.#modelNow();
    const requests = splitRequests(texts, Math.floor(MAX_MESSAGE_BYTES / encodedBytes(model.dimensions)));
    const vectors: Float32Array[] = [];
    for (const request of requests) vectors.push(...(await this.#request(model, request, options)));
    return vectors;
  }

  async #request(
    model: EmbeddingModel,
    texts: string[],
    { role, timeoutMs, attempts }: EmbedCallOptions,
  ): Promise<Float32Array[]> {
    const request: EmbedRequest = { model: model.name, texts, role, ...(attempts !== undefined && { attempts }) };
    const requestHeaders = headers();
    requestHeaders.set(EMBED_HEADER.timeout, String(timeoutMs));
    const traceparent = currentTraceparent();
    if (traceparent !== undefined) requestHeaders.set(HEADER.traceparent, traceparent);
    let answer: Msg;
    try {
      const body = JSON.stringify(request);
      answer = await watchedRequest(this.#nc, EMBED_SUBJECT, body, { headers: requestHeaders, timeoutMs });
    } catch (cause) {
      throw new AppError('UNAVAILABLE', 'no embedder answers', { cause });
    }
    const failure = decodeFailure(answer.headers);
    if (failure) throw failure;
    return vectorsOf(answer, { model, count: texts.length, role });
  }
}

/** Groups texts, in order, into requests whose question and answer both fit a message. */
export function splitRequests(texts: readonly string[], maxAnswers: number): string[][] {
  const requests: string[][] = [];
  let current: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    const size = Buffer.byteLength(text);
    const full = current.length >= Math.min(MAX_TEXTS, Math.max(1, maxAnswers)) || bytes + size > MAX_MESSAGE_BYTES;
    if (current.length > 0 && full) {
      requests.push(current);
      current = [];
      bytes = 0;
    }
    current.push(text);
    bytes += size;
  }
  if (current.length > 0) requests.push(current);
  return requests;
}

/** Bytes of one vector in an answer: base64 of float32 values, quoted. */
function encodedBytes(dimensions: number): number {
  return Math.ceil((dimensions * 4) / 3) * 4 + 3;
}

/** @throws AppError UNAVAILABLE unless it has exactly the vectors that were asked for */
function vectorsOf(
  answer: Msg,
  { model, count, role }: { readonly model: EmbeddingModel; readonly count: number; readonly role: TextRole },
): Float32Array[] {
  const { name, dimensions } = model;
  const parsed = embedResponseSchema.safeParse(parseJson(answer));
  if (!parsed.success) throw new AppError('UNAVAILABLE', 'the embedder sent an invalid answer');
  const vectors = parsed.data.vectors.map(decodeVector);
  // During a change of model, two versions may answer: vectors of different models must never mix.
  if (parsed.data.model !== name || vectors.some((vector) => vector.length !== dimensions)) {
    throw new AppError(
      'UNAVAILABLE',
      `the embedder serves ${parsed.data.model}, not ${name} with ${dimensions} dimensions`,
    );
  }
  // An embedder of an earlier version, or with other settings. Its vectors of queries still find something; those of
  // passages would stay in the index.
  if (role === 'passage' && (parsed.data.space ?? name) !== vectorSpaceOf(model)) {
    throw new AppError(
      'UNAVAILABLE',
      `the embedder gives passages to ${name} in another form: restart it with this version and the same settings`,
    );
  }
  if (vectors.length !== count)
    throw new AppError('UNAVAILABLE', 'the embedder answered with a different number of vectors than texts');
  return vectors;
}

function parseJson(answer: Msg): unknown {
  try {
    return answer.json();
  } catch {
    return undefined;
  }
}
