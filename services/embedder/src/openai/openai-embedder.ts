import { AppError, formOf, type EmbeddingModel, type Logger } from '@opensync/platform';
import { OpenAI } from 'openai';
import { z } from 'zod';
import type { Embedder, EmbedOptions } from '../embedder.ts';
import { meanVector, splitToFit } from '../long-text.ts';
import { asApiError, describeFailure, withRetries } from './failures.ts';

/** Limits of OpenAI's embeddings endpoint: inputs a request, tokens a request, tokens an input (8,191). */
const MAX_INPUTS = 2_048;
const MAX_REQUEST_TOKENS = 300_000;
/** A token is at least one byte of UTF-8, so counting bytes can never exceed a limit given in tokens. */
const MAX_INPUT_BYTES = 8_000;

const answerSchema = z.object({
  /** Not every compatible server counts. */
  usage: z.object({ total_tokens: z.number() }).optional().catch(undefined),
  data: z.array(
    z.object({
      /** Some compatible servers leave it out and answer in order. */
      index: z.number().int().optional(),
      /** Some answer in base64 whatever they were asked for. */
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
});

/** What servers that are compatible but older, or serve other models, are known to refuse. */
interface OptionalParameters {
  dimensions?: number;
  encoding_format?: 'float';
}

export interface OpenAiOptions {
  readonly apiKey?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly logger: Logger;
  /** For one attempt, answer included. */
  readonly timeoutMs?: number;
  readonly attempts?: number;
}

/** Embeddings from OpenAI or any server that speaks its `/embeddings`. */
export class OpenAiEmbedder implements Embedder {
  readonly model: EmbeddingModel;
  readonly #client: OpenAI;
  readonly #logger: Logger;
  /** As it may be logged: without what a URL can carry of secrets. */
  readonly #shownUrl: string;
  readonly #timeoutMs: number;
  readonly #attempts: number;
  readonly #optional: OptionalParameters;
  /** Why the API is of no use now; undefined while it answers. */
  #outage: string | undefined;

  constructor(model: EmbeddingModel, options: OpenAiOptions) {
    this.model = model;
    this.#logger = options.logger;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#attempts = options.attempts ?? 4;
    this.#optional = { dimensions: model.dimensions, encoding_format: 'float' };
    const baseUrl = options.baseUrl ?? 'https://api.openai.com/v1';
    const { origin, pathname } = new URL(baseUrl);
    this.#shownUrl = `${origin}${pathname}`;
    this.#client = new OpenAI({
      // Servers without keys ignore it, but the client insists on one.
      apiKey: options.apiKey ?? 'none',
      baseURL: baseUrl,
      // The client would sleep for as long as Retry-After says, deaf to the caller's signal: see withRetries.
      maxRetries: 0,
      timeout: this.#timeoutMs,
      logLevel: 'off',
    });
  }

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { prefix = '' } = formOf(this.model, options.role);
    const room = MAX_INPUT_BYTES - Buffer.byteLength(prefix);
    const pieces = texts.map((text) =>
      // The API refuses the empty string.
      splitToFit(text === '' ? ' ' : text, (piece) => Buffer.byteLength(piece) <= room),
    );
    const vectors: number[][] = [];
    for (const input of splitInputs(pieces.flat().map((piece) => prefix + piece))) {
      vectors.push(...(await this.#request(input, options)));
    }
    let next = 0;
    return pieces.map((ofText) =>
      this.#merge(ofText.map((piece) => ({ vector: vectors[next++]!, weight: Buffer.byteLength(piece) }))),
    );
  }

  async close(): Promise<void> {
    // Requests under way belong to callers, who wait for them or abort them.
  }

  async #request(input: readonly string[], { role, signal, onTokens, attempts }: EmbedOptions): Promise<number[][]> {
    try {
      const attempt = () => this.#attempt(input, { role, signal, onTokens });
      const vectors = await withRetries(attempt, { attempts: Math.min(attempts ?? Infinity, this.#attempts), signal });
      if (this.#outage !== undefined) this.#logger.info({ url: this.#shownUrl }, 'embedding API responds again');
      this.#outage = undefined;
      return vectors;
    } catch (error) {
      const failure = describeFailure(error, this.model.name);
      this.#logFailure(failure);
      throw failure.error;
    }
  }

  /** An outage is one line, not one for each of the requests that its callers repeat; a refused text is one each. */
  #logFailure({ error, log }: ReturnType<typeof describeFailure>): void {
    if (error.retryable) {
      if (this.#outage === error.message) return;
      this.#outage = error.message;
    }
    this.#logger.warn({ url: this.#shownUrl, ...log, reason: error.message }, 'embedding API request failed');
  }

  async #attempt(input: readonly string[], { role, signal, onTokens }: EmbedOptions): Promise<number[][]> {
    // The client's own timeout ends when the headers are there; this one covers the body too.
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    const { model = this.model.name, fields = {} } = formOf(this.model, role);
    for (;;) {
      const optional = { ...this.#optional };
      let answer: unknown;
      try {
        answer = await this.#client.post('/embeddings', {
          body: { ...optional, ...fields, model, input },
          signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        });
      } catch (error) {
        // Vectors without it would be others: unlike the optional parameters, it cannot be left out.
        if (refusedParameter(error, fields)) throw new AppError('UNAVAILABLE', refusedFields(fields));
        const refused = refusedParameter(error, optional);
        if (!refused) throw asApiError(error);
        // Remembered: the next request does not try it again.
        delete this.#optional[refused];
        continue;
      }
      return this.#parse(answer, input.length, onTokens);
    }
  }

  #parse(answer: unknown, count: number, onTokens: EmbedOptions['onTokens']): number[][] {
    const parsed = answerSchema.safeParse(answer);
    // Also of an answer that is of no use: it was paid for.
    if (parsed.data?.usage) onTokens?.(parsed.data.usage.total_tokens);
    if (!parsed.success || parsed.data.data.length !== count) {
      throw new AppError('UNAVAILABLE', 'the embedding API did not return exactly one vector per text');
    }
    const { dimensions, name } = this.model;
    const vectors: number[][] = new Array(count);
    for (const [position, { index = position, embedding }] of parsed.data.data.entries()) {
      const vector = typeof embedding === 'string' ? fromBase64(embedding) : embedding;
      if (vector.length !== dimensions) {
        throw new AppError(
          'UNAVAILABLE',
          `${name} returns vectors with ${vector.length} dimensions, but OPENSYNC_EMBEDDING_DIMENSIONS is ${dimensions}; set it to ${vector.length}`,
        );
      }
      vectors[index] = vector;
    }
    // Two of one index, or one out of range.
    if (vectors.length !== count || vectors.includes(undefined as never)) {
      throw new AppError('UNAVAILABLE', 'the embedding API did not return exactly one vector per text');
    }
    return vectors;
  }

  #merge(pieces: { vector: number[]; weight: number }[]): Float32Array {
    try {
      return meanVector(pieces);
    } catch (cause) {
      throw new AppError('UNAVAILABLE', `${this.model.name} returned a vector that cannot be normalized`, { cause });
    }
  }
}

/** Groups inputs, in order, into requests within the limits of the endpoint. */
export function splitInputs(inputs: readonly string[]): string[][] {
  const requests: string[][] = [];
  let current: string[] = [];
  let bytes = 0;
  for (const input of inputs) {
    const size = Buffer.byteLength(input);
    if (current.length > 0 && (current.length === MAX_INPUTS || bytes + size > MAX_REQUEST_TOKENS)) {
      requests.push(current);
      current = [];
      bytes = 0;
    }
    current.push(input);
    bytes += size;
  }
  if (current.length > 0) requests.push(current);
  return requests;
}

/** The parameter of ours that a 400 or 422 complains of by name, if any. */
function refusedParameter<Parameters extends object>(
  error: unknown,
  sent: Parameters,
): (keyof Parameters & string) | undefined {
  if (!(error instanceof OpenAI.APIError) || (error.status !== 400 && error.status !== 422)) return undefined;
  const complaint = `${error.param ?? ''} ${error.message} ${JSON.stringify(error.error ?? '')}`;
  return (Object.keys(sent) as (keyof Parameters & string)[]).find((name) => complaint.includes(name));
}

function refusedFields(fields: object): string {
  const names = Object.keys(fields).join(', ');
  return `the embedding API rejects ${names}, which says what a text is; see OPENSYNC_EMBEDDING_FAMILY`;
}

function fromBase64(encoded: string): number[] {
  const bytes = Buffer.from(encoded, 'base64');
  return Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readFloatLE(i * 4));
}
