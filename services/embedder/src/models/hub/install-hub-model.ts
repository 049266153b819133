import { createLogger, embeddingModelOf, loadSettingsOf, EMBEDDING_SETTINGS, rootReasonOf } from '@opensync/platform';
import { fillFolder } from '../folder.ts';
import { ModelInstallError } from '../install-error.ts';
import { copyModel, downloadModel, type DownloadOptions } from './download.ts';
import { MULTILINGUAL_E5_SMALL, type HubModel } from './hub-model.ts';

export interface HubInstallOptions extends DownloadOptions {
  /** Base URLs, in the order in which they are asked. */
  readonly hubs?: readonly string[] | undefined;
  /** A folder with the files, for machines that reach no hub. */
  readonly from?: string | undefined;
  /** Default: the pinned multilingual-e5-small. */
  readonly model?: HubModel | undefined;
}

/** Of the setting OPENSYNC_MODEL_HUB. */
export function hubsOf(list: string): readonly string[] {
  return list.split(',').map((url) => url.trim());
}

export const HUB_MODEL = 'multilingual-e5-small';

/**
 * Installs multilingual-e5-small into the data folder, from a hub or a folder. It counts as installed when each file is
 * the pinned one and the model embeds a text. @throws ModelInstallError; the signal's reason
 */
export async function installHubModel(
  dataDir: string,
  { hubs = [], from, model = MULTILINGUAL_E5_SMALL, ...download }: HubInstallOptions = {},
): Promise<void> {
  if (from === undefined && hubs.length === 0) throw new ModelInstallError('OPENSYNC_MODEL_HUB names no hub');
  await fillFolder(dataDir, HUB_MODEL, async (folder) => {
    if (from === undefined) await downloadModel(model, hubs, folder, download);
    else await copyModel(model, from, folder);
    download.signal?.throwIfAborted();
    await assertEmbeds(folder);
    return { version: model.revision.slice(0, 12) };
  });
}

/** @throws ModelInstallError if the installed model does not work here */
async function assertEmbeds(folder: string): Promise<void> {
  const settings = { ...loadSettingsOf({}, EMBEDDING_SETTINGS), OPENSYNC_LOCAL_MODEL: HUB_MODEL } as const;
  // The command line reads what is installed without loading a model.
  const { OnnxEmbedder } = await import('../../local/onnx-embedder.ts');
  const embedder = new OnnxEmbedder(embeddingModelOf(settings), folder, createLogger('silent', 'install'));
  try {
    await embedder.embed(['Does the embedding model answer?'], { role: 'query' });
  } catch (cause) {
    throw new ModelInstallError(`${HUB_MODEL} was installed but does not work here: ${rootReasonOf(cause)}`, { cause });
  } finally {
    await embedder.close();
  }
}
