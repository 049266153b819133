import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { jetstream } from '@nats-io/jetstream';
import { AppError } from '@opensync/platform';
import { startTestNats, waitFor } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import type { BatchContext, BatchOutcome, ConsumerReport } from '../consume/batch-consumer.ts';
import type { Delivery } from '../consume/delivery.ts';
import { HandlesBatchesOf, JetStreamStrategy } from './strategy.ts';

const seen: string[][] = [];
let storeIsAway = true;

@Controller()
class DocumentsController {
  @HandlesBatchesOf(CONSUMER.documents, { maxBatch: 4 })
  async project(@Payload() batch: readonly Delivery[], @Ctx() { onProgress }: BatchContext): Promise<BatchOutcome> {
    onProgress();
    if (storeIsAway) throw new AppError('UNAVAILABLE', 'the store is away');
    seen.push(batch.map((delivery) => delivery.body()));
    return {
      poison: batch
        .filter((delivery) => delivery.body() === '7')
        .map((delivery) => ({ delivery, kind: 'malformed' as const, reason: 'seven' })),
    };
  }
}

@Module({ controllers: [DocumentsController] })
class TestModule {}

describe('JetStreamStrategy', () => {
  it('feeds the handlers of a Nest microservice, and recognises their retryable errors', async () => {
    await using server = await startTestNats();
    const connection = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(connection, { replicas: 1 });
    for (let n = 0; n < 10; n++) await jetstream(connection).publish('osk.events.w.u.session', String(n));

    const reports: ConsumerReport[] = [];
    const strategy = new JetStreamStrategy({ connection, report: (_, report) => void reports.push(report) });
    const app = await NestFactory.createMicroservice(TestModule, { strategy, logger: false });
    await app.listen();
    await waitFor(() => strategy.health()[0]?.blocked === 'the store is away');
    storeIsAway = false;
    await waitFor(() => seen.flat().length === 10 && reports.some(({ kind }) => kind === 'dead-letter'));
    await app.close();

    expect(seen.flat()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(seen.every((batch) => batch.length <= 4)).toBe(true);
    expect(reports.map(({ kind }) => kind)).toEqual(['blocked', 'recovered', 'dead-letter']);
    await connection.close();
  });

  it('rejects a handler whose errors Nest would replace', async () => {
    @Controller()
    class PlainController {
      @EventPattern('documents')
      project(_batch: unknown): void {}
    }
    @Module({ controllers: [PlainController] })
    class PlainModule {}

    await using server = await startTestNats();
    const connection = await connectLog({ servers: server.url, name: 'test' });
    const strategy = new JetStreamStrategy({ connection });
    const app = await NestFactory.createMicroservice(PlainModule, { strategy, logger: false });
    await expect(app.listen()).rejects.toThrow('@HandlesBatchesOf');
    await connection.close();
  });
});
