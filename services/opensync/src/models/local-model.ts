import { localModelOf } from '@opensync/embedder/models';
import { usesEmbeddingApi, type Settings } from '@opensync/platform';

/** Whether the data folder decides which model turns text into vectors. */
export function followsDataFolder(settings: Settings): boolean {
  const { OPENSYNC_LOCAL_MODEL: chosen, OPENSYNC_LOCAL_MODEL_URL: running } = settings;
  return chosen === 'auto' && running === undefined && !usesEmbeddingApi(settings);
}

/** The settings with the model of the data folder in place of `auto`. */
export function withLocalModel(settings: Settings): Settings {
  if (!followsDataFolder(settings)) return settings;
  return { ...settings, OPENSYNC_LOCAL_MODEL: localModelOf(settings.OPENSYNC_DATA_DIR) };
}
