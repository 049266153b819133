import { generationsNow } from '@opensync/event-log';
import { ConfigError, type Settings } from '@opensync/platform';
import { requestStoreReports } from '@opensync/query';
import {
  describeStores,
  openGeneration,
  STORE_URL,
  storeProblem,
  UnusableStoreError,
  type StoreName,
  type StoreReport,
} from '@opensync/stores';
import type { Target } from './target.ts';

/** A store's report, and where it has a problem what to do about it. */
export type StoreStatus = StoreReport & { readonly fix?: string };

const STORES: readonly StoreName[] = ['documents', 'search', 'vectors'];

/**
 * What is in each store: from the process that has them open; where none answers, each is opened here, by the settings
 * of this shell. Stores in a data folder that is not this machine's, or that somebody has open, are not.
 */
export async function readStores(target: Target, settings: Settings): Promise<StoreStatus[]> {
  const reports = target.kind === 'stopped' ? undefined : await requestStoreReports(target.nc);
  if (reports)
    return reports.map((report) => ('problem' in report ? { ...report, fix: fixElsewhere(report.kind) } : report));
  const generations = await generationsNow(target.nc);
  return Promise.all(STORES.map((kind) => readStore(kind, target, settings, generations.live(kind))));
}

/** Whether it is on a server the process knows that has it open, by settings that this shell need not have. */
const fixElsewhere = (kind: StoreName) =>
  `check ${STORE_URL[kind]} of the process that has it open, whether that server runs, and whether its disk is full; ` +
  'see the log of the process';

async function readStore(
  kind: StoreName,
  target: Target,
  settings: Settings,
  generation: number,
): Promise<StoreStatus> {
  const name = STORE_URL[kind];
  if (settings[name] === undefined && target.kind !== 'stopped') {
    const fix =
      target.kind === 'running' ? 'restart opensync' : `start the query service, or set ${name} to look from here`;
    return { kind, problem: 'no running OpenSync says what is in it', fix };
  }
  try {
    const store = await openGeneration(settings, kind, generation);
    try {
      return (await describeStores({ [kind]: store }))[0]!;
    } finally {
      await store.close();
    }
  } catch (error) {
    const problem = storeProblem(error);
    // The others say by themselves what to do.
    const isAway = !(error instanceof ConfigError || error instanceof UnusableStoreError);
    return { kind, problem, ...(isAway && { fix: `is it running? check ${name}` }) };
  }
}
