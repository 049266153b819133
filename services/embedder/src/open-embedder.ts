import type { DynamicModule } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import { EMBED_QUEUE } from '@opensync/contracts';
import { EMBEDDING_SETTINGS, type Logger, type Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { Registry } from '@opensync/platform/telemetry';
import { createEmbedder, embedderModule } from './embedder.module.ts';
import { observedEmbedder, priceOf } from './observed-embedder.ts';
import { NatsRequestStrategy } from './transport/nats-request-strategy.ts';

export const EMBEDDER_SETTINGS = [
  'OPENSYNC_EMBEDDING_PRICE',
  ...EMBEDDING_SETTINGS,
] as const satisfies (keyof Settings)[];

export interface OpenEmbedderContext {
  readonly nc: NatsConnection;
  readonly logger: Logger;
  readonly disposal: Disposal;
  readonly metrics: Registry;
}

/** The embedder that the settings choose; closed by the disposal, after the requests under way. */
export async function openEmbedder(
  settings: Pick<Settings, (typeof EMBEDDER_SETTINGS)[number]>,
  { nc, logger, disposal, metrics }: OpenEmbedderContext,
): Promise<{ readonly module: DynamicModule; readonly strategy: NatsRequestStrategy }> {
  const embedder = await createEmbedder(settings, logger);
  disposal.defer('embedder', () => embedder.close());
  const price = priceOf(embedder.model, settings.OPENSYNC_EMBEDDING_PRICE);
  return {
    module: embedderModule({ embedder: observedEmbedder(embedder, metrics, price) }),
    strategy: new NatsRequestStrategy({ nc, queue: EMBED_QUEUE, logger }),
  };
}
