import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { perSecond, type Figure } from '../figures.ts';
import type { SummariesRun } from '../processes/summaries.ts';

const OWNERS = Number(process.env.BENCH_OWNERS ?? 10_000);
/** What a run of {@link OWNERS} is compared with: time and memory of each owner must not depend on how many there are. */
const FEW_OWNERS = Math.min(1_000, OWNERS);
/** What may stay in memory of an owner: the day up to which their summaries are made. */
const MOST_LEFT_KIB = 1;

/** The daily summaries of many owners in one run: against writing records, and against a run of few owners. */
export async function wrappedFigures(): Promise<Figure[]> {
  const few = await measure(FEW_OWNERS);
  const many = await measure(OWNERS);
  const rateOf = ({ owners, seconds }: SummariesRun) => owners / seconds;
  const countOf = ({ owners }: SummariesRun) => owners.toLocaleString('en-US');
  const overOf = ({ peakMiB, idleMiB }: SummariesRun) => `${peakMiB} MiB, ${peakMiB - idleMiB} over idle`;
  return [
    {
      name: `daily summaries of ${countOf(many)} owners, a week and a day looked at of each: records made`,
      ...{ value: perSecond(many.made / many.seconds), ceiling: perSecond(many.rawWrites) },
      ratio: many.made / many.seconds / many.rawWrites,
    },
    {
      name: `owners in that run (${many.seconds.toFixed(0)} s), against a run of ${countOf(few)}`,
      ...{ value: perSecond(rateOf(many)), ceiling: perSecond(rateOf(few)) },
      ...{ ratio: rateOf(many) / rateOf(few), aim: '≥ 0.7' },
    },
    {
      name: 'resident memory in that run, with garbage, against the other',
      ...{ value: overOf(many), ceiling: overOf(few) },
      ...{ ratio: many.peakMiB / few.peakMiB, aim: '≤ 2' },
    },
    {
      name: 'memory that the run leaves in use for each owner',
      ...{ value: `${(many.leftKiB / many.owners).toFixed(2)} KiB`, ceiling: `${MOST_LEFT_KIB} KiB` },
      ...{ ratio: many.leftKiB / many.owners / MOST_LEFT_KIB, aim: '≤ 1' },
    },
  ];
}

/** In a process of its own. */
function measure(owners: number): Promise<SummariesRun> {
  const script = fileURLToPath(new URL('../processes/summaries.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [...process.execArgv, script, String(owners)], (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as SummariesRun);
    });
    child.stderr?.pipe(process.stderr);
  });
}
