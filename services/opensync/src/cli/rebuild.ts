import { type Projection, PROJECTIONS } from '@opensync/contracts';
import { createEmbedder } from '@opensync/embedder';
import { EmbeddingClient, requestsAtOnce } from '@opensync/event-log/embedding';
import { createLogger, embeddingModelOf, readsHeadings, type Settings } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import {
  dropKept,
  openPriceTable,
  readOverrides,
  rebuild as makeNext,
  RebuildRefusedError,
  type RebuildOptions,
  type RebuildProgress,
  type RebuildReport,
  type RebuildResources,
} from '@opensync/projector';
import { confirmModel, dropGeneration, openGeneration, LeaseLostError } from '@opensync/stores';
import { COMMAND } from './command-name.ts';
import { number, pairs, quantities, quantity, type Output } from './output.ts';
import { progressBar, type Progress } from './progress.ts';
import { provideStreams, withTarget, type Target } from './target.ts';

interface Presentation {
  readonly json: boolean;
  readonly output: Output;
}

const EMBED_TIMEOUT_MS = 120_000;
const CLOSE_STEP_MS = 5000;

/**
 * Builds the next generation of these stores, one after the other, and switches to each; exit code 1 if that was
 * rejected or not all processes switched. Stops at the first failure.
 */
export async function rebuild(
  settings: Settings,
  stores: readonly Projection[],
  options: Omit<RebuildOptions, 'onProgress'>,
  presentation: Presentation,
): Promise<number> {
  return withResources(settings, presentation.output, async (resources) => {
    for (const [at, store] of stores.entries()) {
      if (at > 0 && !presentation.json) presentation.output.print('');
      const exitCode = await rebuildOne(resources, store, options, presentation);
      if (exitCode !== 0) return exitCode;
    }
    return 0;
  });
}

async function rebuildOne(
  resources: RebuildResources,
  store: Projection,
  options: Omit<RebuildOptions, 'onProgress'>,
  { json, output }: Presentation,
): Promise<number> {
  const progress = phasedProgress();
  try {
    const report = await makeNext(store, resources, {
      ...options,
      onProgress: progress.update,
      onWait: (holder) =>
        output.note(`opensync: another process is working on ${store} (${holder}); waiting until it finishes`),
    });
    progress.stop();
    output.print(json ? JSON.stringify(report) : formatReport(report));
    if (report.switchedEverywhere) return 0;
    output.note(
      `opensync: generation ${report.generation} is live, but a process still reads the previous one; check its log ` +
        `or restart it${options.dropOld ? `; nothing was removed; afterwards run: ${COMMAND} rebuild clean ${store}` : ''}`,
    );
    return 1;
  } catch (error) {
    progress.stop();
    if (!(error instanceof RebuildRefusedError || error instanceof LeaseLostError)) throw error;
    output.note(`opensync: ${error.message}`);
    return 1;
  }
}

/** Removes the generations that rebuilds have kept, of one store or all. */
export async function cleanGenerations(
  settings: Settings,
  store: Projection | undefined,
  { json, output }: Presentation,
): Promise<number> {
  return withResources(settings, output, async (resources) => {
    const removed: Partial<Record<Projection, readonly number[]>> = {};
    let refused: RebuildRefusedError | undefined;
    for (const name of store ? [store] : PROJECTIONS) {
      try {
        removed[name] = await dropKept(name, resources);
      } catch (error) {
        if (!(error instanceof RebuildRefusedError)) throw error;
        refused = error;
        output.note(`opensync: ${error.message}`);
      }
    }
    if (json) output.print(JSON.stringify(removed));
    else {
      const lines = Object.entries(removed).filter(([, numbers]) => numbers.length > 0);
      for (const [name, numbers] of lines) output.print(`${name}: removed ${generations(numbers)}`);
      if (lines.length === 0 && !refused) output.note('There are no earlier generations to remove.');
    }
    return refused ? 1 : 0;
  });
}

async function withResources(
  settings: Settings,
  output: Output,
  work: (resources: RebuildResources) => Promise<number>,
): Promise<number> {
  return withTarget(settings, { create: false, note: output.note }, async (target) => {
    await provideStreams(target, settings);
    const disposal = new Disposal(() => undefined);
    try {
      return await work({
        nc: target.nc,
        open: (name, generation) => openGeneration(settings, name, generation),
        drop: (name, generation) => dropGeneration(settings, name, generation),
        prices: async () => openPriceTable(await readOverrides(settings.OPENSYNC_PRICES_FILE)),
        embed: embedderFor(target, settings, disposal),
        confirmModel: () => confirmModel(target.nc, embeddingModelOf(settings)),
        embedsAtOnce: requestsAtOnce(embeddingModelOf(settings)),
        headings: () => readsHeadings(embeddingModelOf(settings)),
      });
    } finally {
      await disposal.run(CLOSE_STEP_MS);
    }
  });
}

/** The running embedder; if nothing runs, one in this process, created on first use. */
function embedderFor(target: Target, settings: Settings, disposal: Disposal): RebuildResources['embed'] {
  if (target.kind !== 'stopped') {
    const client = new EmbeddingClient(target.nc, embeddingModelOf(settings));
    return (texts) => client.embed([...texts], { role: 'passage', timeoutMs: EMBED_TIMEOUT_MS });
  }
  let embedder: ReturnType<typeof createEmbedder> | undefined;
  return async (texts) => {
    if (!embedder) {
      embedder = createEmbedder(settings, createLogger(settings.LOG_LEVEL, 'opensync-cli'));
      disposal.defer('embedder', async () => (await embedder)?.close());
    }
    return (await embedder).embed(texts, { role: 'passage' });
  };
}

const LABELS = {
  replaying: ['Replaying', 'events'],
  indexing: ['Indexing', 'sessions'],
  comparing: ['Comparing', 'sessions'],
} as const satisfies Record<RebuildProgress['phase'], readonly [string, string]>;

/** A bar for each phase, one after the other. */
function phasedProgress() {
  let phase: RebuildProgress['phase'] | undefined;
  let bar: Progress | undefined;
  return {
    update: (progress: RebuildProgress) => {
      if (progress.phase !== phase) {
        bar?.stop();
        const [label, unit] = LABELS[progress.phase];
        bar = progressBar(label, unit);
        phase = progress.phase;
      }
      bar!.update(progress.done, progress.total);
    },
    stop: () => bar?.stop(),
  };
}

export function formatReport(report: RebuildReport): string {
  const { store, generation, before, counts, unreadable, different, differentMore, skipped, kept } = report;
  const differences = quantity(different.length, 'sessions');
  return pairs([
    ['Store', `${store}: generation ${generation} is live in place of ${before}`],
    ['Before', unreadable === undefined ? quantities(counts.before) : `counted as empty: ${unreadable}`],
    ['Now', quantities(counts.now)],
    ['Different', differentMore ? `more than ${differences}` : differences],
    ...(skipped > 0
      ? [['Left out', `${number(skipped)} that cannot be processed; see: ${COMMAND} dlq list`] as const]
      : []),
    ...(kept.length > 0
      ? [['Kept', `${generations(kept)}; to remove: ${COMMAND} rebuild clean ${store}`] as const]
      : []),
  ]);
}

/** `generation 1`, `generations 1, 2`. */
function generations(numbers: readonly number[]): string {
  return `${numbers.length === 1 ? 'generation' : 'generations'} ${numbers.join(', ')}`;
}
