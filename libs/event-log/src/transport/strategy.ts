import { applyDecorators, Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { EventPattern, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom, throwError } from 'rxjs';
import type { LogConnection } from '../connection.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import { ReplayResponder } from '../dead-letters/replay.ts';
import type { ConsumerRef } from '../topology/names.ts';
import {
  BatchConsumer,
  type BatchConsumerOptions,
  type BatchHandler,
  type BatchOutcome,
  type ConsumerHealth,
  type ConsumerReport,
} from '../consume/batch-consumer.ts';

export interface StrategyOptions {
  readonly connection: LogConnection;
  readonly report?: (consumer: ConsumerRef, report: ConsumerReport) => void;
  /** Wraps each consumer's handler, also for replays; e.g. to measure it. */
  readonly around?: (consumer: ConsumerRef, handler: BatchHandler) => BatchHandler;
}

type BatchSizes = Pick<BatchConsumerOptions, 'maxBatch' | 'maxInHand'>;

interface HandlerExtras extends BatchSizes {
  readonly consumer: ConsumerRef;
}

/** Nest would wrap the error; callers must still see whether it is retryable. */
class RethrowFilter implements ExceptionFilter {
  catch(error: unknown) {
    return throwError(() => error);
  }
}
Catch()(RethrowFilter);

/** Binds handlers to JetStreamStrategy: other transports of the process ignore them. */
const JETSTREAM_BATCHES = Symbol('jetstream-batches');

/**
 * Declares a controller's method as the handler of a durable consumer. It takes `@Payload() batch: readonly
 * Delivery[]` and optionally `@Ctx() context: BatchContext`, resolves with a BatchOutcome, and throws as {@link
 * BatchHandler} describes.
 */
export function HandlesBatchesOf(consumer: ConsumerRef, sizes: BatchSizes = {}): MethodDecorator {
  const extras: HandlerExtras = { consumer, ...sizes };
  return applyDecorators(
    EventPattern<string>(consumer.durable, JETSTREAM_BATCHES, { ...extras }),
    UseFilters(new RethrowFilter()),
  );
}

/**
 * Nest transport: one BatchConsumer for each handler declared with {@link HandlesBatchesOf}, and the replay of its
 * dead letters through the same handler.
 */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = JETSTREAM_BATCHES;
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: StrategyOptions;
  #consumers: BatchConsumer[] = [];
  #replays: ReplayResponder[] = [];

  constructor(options: StrategyOptions) {
    super();
    this.#options = options;
  }

  /** @throws Error for a handler that is declared differently: Nest would replace its errors */
  listen(callback: () => void): void {
    const { connection, report, around } = this.#options;
    const deadLetters = new DeadLetters(connection);
    const declared = [...this.messageHandlers].map(([pattern, handle]) => {
      const { consumer, maxBatch, maxInHand } = (handle.extras ?? {}) as Partial<HandlerExtras>;
      if (!consumer) throw new Error(`declare the handler of ${pattern} with @HandlesBatchesOf, or with its transport`);
      const handler: BatchHandler = async (batch, context) => {
        const result: unknown = await handle(batch, context);
        return (isObservable(result) ? await lastValueFrom(result) : result) as BatchOutcome;
      };
      return { consumer, maxBatch, maxInHand, handler: around?.(consumer, handler) ?? handler };
    });
    this.#consumers = declared.map(
      (options) => new BatchConsumer(connection, { ...options, report: (event) => report?.(options.consumer, event) }),
    );
    this.#replays = declared.map(
      ({ consumer, handler }) => new ReplayResponder(connection, { consumer: consumer.durable, handler, deadLetters }),
    );
    callback();
  }

  /** Finishes the current batches and returns waiting messages. */
  async close(): Promise<void> {
    await Promise.all([...this.#replays, ...this.#consumers].map((running) => running.stop()));
  }

  health(): ConsumerHealth[] {
    return this.#consumers.map((consumer) => consumer.health());
  }

  on(): void {
    throw new Error('JetStreamStrategy has no events; use health()');
  }

  unwrap<T = LogConnection>(): T {
    return this.#options.connection as T;
  }
}
