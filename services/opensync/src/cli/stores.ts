import { ConfigError, type Settings } from '@opensync/platform';
import { requestStoreReports } from '@opensync/query/operate';
import {
  describeStores,
  generationsNow,
  type GenerationSource,
  openGeneration,
  STORE_URL,
  type StoreName,
  storeProblem,
  type StoreReport,
  UnusableStoreError,
} from '@opensync/stores';
import { COMMAND } from './command-name.ts';
import { confirmedSequence, discrepancyOf, type Discrepancy } from './store-conditions.ts';
import type { Target } from './target.ts';

/** A store's report, the fix for its problem, and its difference from the log. */
export type StoreStatus = StoreReport & { readonly fix?: string; readonly discrepancy?: Discrepancy };

type StoreProblem = Extract<StoreReport, { problem: string }>;

const STORES: readonly StoreName[] = ['documents', 'search', 'vectors'];

/**
 * The contents of each store: reported by the process that has them open; if none answers, each is opened here, with
 * the settings of this shell. Stores in another machine's data folder, or in one that is in use, are not opened.
 */
export async function readStores(target: Target, settings: Settings): Promise<StoreStatus[]> {
  const generations = await generationsNow(target.nc);
  const confirmed = new Map(
    await Promise.all(
      STORES.map(async (kind) => [kind, await confirmedSequence(target, kind, generations.live(kind))] as const),
    ),
  );
  const reports = await reportsOf(target, settings, generations);
  return Promise.all(
    reports.map(async (report) => {
      const discrepancy = await discrepancyOf(report, confirmed.get(report.kind), target, settings);
      return { ...report, ...(discrepancy && { discrepancy }) };
    }),
  );
}

async function reportsOf(
  target: Target,
  settings: Settings,
  generations: Pick<GenerationSource, 'live'>,
): Promise<StoreStatus[]> {
  const reports = target.kind === 'stopped' ? undefined : await requestStoreReports(target.nc);
  if (reports)
    return reports.map((report) => ('problem' in report ? { ...report, fix: fixElsewhere(report) } : report));
  return Promise.all(STORES.map((kind) => readStore(kind, target, settings, generations.live(kind))));
}

/**
 * Only the process that has it open knows whether it is on a server: its settings may differ from those of this
 * shell.
 */
function fixElsewhere({ kind, isUnusable }: StoreProblem): string {
  if (isUnusable)
    return 'an embedded store is rebuilt automatically; for a store on a server, see the log of the process that has it open';
  return (
    `check ${STORE_URL[kind]} of the process that has it open, that the server is running, and that its disk is not full; ` +
    'see the log of the process'
  );
}

async function readStore(
  kind: StoreName,
  target: Target,
  settings: Settings,
  generation: number,
): Promise<StoreStatus> {
  const name = STORE_URL[kind];
  if (settings[name] === undefined && target.kind !== 'stopped') {
    const fix =
      target.kind === 'running'
        ? 'restart opensync'
        : `start the query service, or set ${name} to open the store from here`;
    return { kind, problem: 'no running OpenSync reports its contents', fix };
  }
  let report: StoreReport;
  try {
    const store = await openGeneration(settings, kind, generation);
    try {
      report = (await describeStores({ [kind]: store }))[0]!;
    } finally {
      await store.close();
    }
  } catch (error) {
    report = { kind, problem: storeProblem(error), ...(error instanceof UnusableStoreError && { isUnusable: true }) };
    // These messages are complete.
    if (error instanceof ConfigError) return report;
  }
  if (!('problem' in report)) return report;
  if (settings[name] !== undefined)
    return report.isUnusable ? report : { ...report, fix: `check ${name}, and whether the server is running` };
  const fix = report.isUnusable
    ? `the next start rebuilds it from the log; to do it now: ${COMMAND} rebuild ${kind}`
    : 'see "A damaged data folder" in docs/operations.md';
  return { ...report, fix };
}
