import { Catch, Controller, Inject, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { EMBED_SUBJECT, embedRequestSchema, type EmbedResponse } from '@opensync/contracts';
import { encodeVector } from '@opensync/event-log/embedding';
import { AppError, vectorSpaceOf } from '@opensync/platform';
import { throwError, type Observable } from 'rxjs';
import { Embedder } from './embedder.ts';
import { NATS_REQUEST, type NatsRequestContext } from './transport/nats-request-strategy.ts';

/** One text may not keep the model from all others for long. Callers split longer ones: see chunkText of the stores. */
const MAX_TEXT_CHARACTERS = 32_768;

/** Passes errors to the transport unchanged; Nest would replace them by `Internal server error`. */
@Catch()
class PassErrorsOn implements RpcExceptionFilter<unknown> {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

@Controller()
@UseFilters(PassErrorsOn)
export class EmbedController {
  readonly #embedder: Embedder;

  constructor(@Inject(Embedder) embedder: Embedder) {
    this.#embedder = embedder;
  }

  @MessagePattern(EMBED_SUBJECT, NATS_REQUEST)
  async embed(@Payload() body: unknown, @Ctx() { signal }: NatsRequestContext): Promise<EmbedResponse> {
    const parsed = embedRequestSchema.safeParse(body);
    if (!parsed.success) {
      const details = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
      throw new AppError('INVALID_REQUEST', `not an embedding request: ${details[0]!.path} ${details[0]!.message}`);
    }
    const { model, texts, role, attempts } = parsed.data;
    const { name, dimensions } = this.#embedder.model;
    // Worth retrying: during a change of model the right embedder will answer, or the caller will go away.
    if (model !== name) throw new AppError('UNAVAILABLE', `this embedder serves ${name}, not ${model}`);
    if (texts.some((text) => text.length > MAX_TEXT_CHARACTERS)) {
      throw new AppError('INVALID_REQUEST', `a text may have at most ${MAX_TEXT_CHARACTERS} characters; split it`);
    }
    const vectors = await this.#embedder.embed(texts, { role, signal, attempts });
    return { model: name, dimensions, space: vectorSpaceOf(this.#embedder.model), vectors: vectors.map(encodeVector) };
  }
}
