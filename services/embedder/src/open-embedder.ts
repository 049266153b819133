import type { DynamicModule } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import { EMBED_QUEUE } from '@opensync/contracts';
import { EMBEDDING_SETTINGS, type Logger, type Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import type { Registry } from '@opensync/platform/telemetry';
import { createEmbedder, embedderModule } from './embedder.module.ts';
import { observedEmbedder, priceOf } from './observed-embedder.ts';
import { SwitchableEmbedder } from './switchable-embedder.ts';
import { NatsRequestStrategy } from './transport/nats-request-strategy.ts';

export const EMBEDDER_SETTINGS = [
  'OPENSYNC_EMBEDDING_PRICE',
  'OPENSYNC_DATA_DIR',
  ...EMBEDDING_SETTINGS,
] as const satisfies (keyof Settings)[];

export interface OpenEmbedderContext {
  readonly nc: NatsConnection;
  readonly logger: Logger;
  readonly disposal: Disposal;
  readonly metrics: Registry;
}

export interface OpenedEmbedder {
  readonly module: DynamicModule;
  readonly strategy: NatsRequestStrategy;
  /** Replaces the model by the one that the settings choose by now. @throws ConfigError; then it stays */
  readonly follow: () => Promise<void>;
}

/** The embedder that the settings choose; closed by the disposal, after the requests under way. */
export async function openEmbedder(
  settings: Pick<Settings, (typeof EMBEDDER_SETTINGS)[number]>,
  { nc, logger, disposal, metrics }: OpenEmbedderContext,
): Promise<OpenedEmbedder> {
  const create = async () => {
    const embedder = await createEmbedder(settings, logger);
    return observedEmbedder(embedder, metrics, priceOf(embedder.model, settings.OPENSYNC_EMBEDDING_PRICE));
  };
  const embedder = new SwitchableEmbedder(await create());
  disposal.defer('embedder', () => embedder.close());
  return {
    module: embedderModule({ embedder }),
    strategy: new NatsRequestStrategy({ nc, queue: EMBED_QUEUE, logger }),
    follow: async () => embedder.replace(await create()),
  };
}
