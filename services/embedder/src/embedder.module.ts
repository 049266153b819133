import { Module, type DynamicModule } from '@nestjs/common';
import { embeddingModelOf, type EmbeddingSettings, type Logger } from '@opensync/platform';
import { EmbedController } from './embed.controller.ts';
import { Embedder } from './embedder.ts';
import { LocalEmbedder } from './local/local-embedder.ts';

@Module({})
class EmbedderModule {}

/** Answers embedding requests with this embedder; the caller closes it. Needs NatsRequestStrategy as transport. */
export function embedderModule({ embedder }: { embedder: Embedder }): DynamicModule {
  return {
    module: EmbedderModule,
    controllers: [EmbedController],
    providers: [{ provide: Embedder, useValue: embedder }],
  };
}

/** The embedder that the settings choose. It does nothing until the first request. */
export async function createEmbedder(settings: EmbeddingSettings, logger: Logger): Promise<Embedder> {
  const model = embeddingModelOf(settings);
  switch (model.provider) {
    case 'local':
      return new LocalEmbedder(model, logger);
    case 'openai': {
      const { OpenAiEmbedder } = await import('./openai/openai-embedder.ts');
      return new OpenAiEmbedder(model, { apiKey: settings.OPENAI_API_KEY, baseUrl: settings.OPENAI_BASE_URL, logger });
    }
  }
}
