import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { renderRules, SLOS, type Alert } from '@opensync/platform/monitoring';
import { temporaryFolder } from '@opensync/testkit';

/** The promtool of Prometheus: `node scripts/promtool.mjs` builds it and prints its path. */
export const { TEST_PROMTOOL } = process.env;

/** What `/metrics` of a process said at one moment; nothing if it did not answer. */
export interface Scrape {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly samples: ReadonlyMap<string, number>;
  /** Names of metrics that only grow, and their suffixes. */
  readonly counters: ReadonlySet<string>;
}

export async function scrape(url: string): Promise<Scrape> {
  const text = await fetch(`${url}/metrics`).then(
    (response) => response.text(),
    () => '',
  );
  const counters = new Set(
    [...text.matchAll(/^# TYPE (\S+) (?:counter|histogram)$/gm)].flatMap(([, name]) =>
      ['', '_bucket', '_count', '_sum'].map((suffix) => `${name}${suffix}`),
    ),
  );
  const samples = [...text.matchAll(/^([a-z]\S*?(?:\{.*\})?) (\S+)$/gm)].map(
    ([, series, value]) => [series!, Number(value)] as const,
  );
  return { at: Date.now() / 1000, samples: new Map(samples), counters };
}

interface Drill {
  readonly before: Scrape;
  readonly during: Scrape;
  readonly after: Scrape;
}

/** How long the end of a fault is looked at, in minutes: longer than every window that the alerts look back on. */
const AFTERWARDS = 75;
/** An alert that takes days is looked at less often. */
const MOST_STEPS = 500;

/**
 * Expects that the alert waits, fires and ends on what a process really exposed before a fault, in it and after it. Time is
 * stretched: the fault lasts for so many minutes, in which counters grow evenly from one scrape to the next.
 * @throws with what promtool reports
 */
export async function expectToFireAndEnd(alert: Alert, drill: Drill, minutes = alert.test.minutes): Promise<void> {
  const { name, severity } = alert;
  const step = minutes > MOST_STEPS ? 15 : 1;
  const steps = Math.ceil(minutes / step);
  const afterwards = Math.ceil(AFTERWARDS / step);
  const firing = `count(ALERTS{alertname="${name}",severity="${severity}",alertstate="firing"}) > bool 0`;
  const at = (n: number, samples: readonly object[]) => ({
    expr: firing,
    eval_time: `${n * step}m`,
    exp_samples: samples,
  });
  const test = {
    name,
    interval: `${step}m`,
    input_series: [...namesIn(drill)]
      .filter((series) => isUsed(nameOf(series), alert))
      .map((series) => ({
        series,
        values: [
          ...held(drill.before, series, { seconds: 0, steps: 1 }),
          ...rising(drill, series, { seconds: step * 60, steps }),
          ...held(drill.after, series, { seconds: (steps + 1) * step * 60, steps: afterwards }),
        ].join(' '),
      })),
    promql_expr_test: [at(0, []), at(steps, [{ labels: '{}', value: 1 }]), at(steps + afterwards, [])],
  };
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'rules.yml'), renderRules());
  // JSON is YAML.
  const tests = { rule_files: ['rules.yml'], evaluation_interval: `${step}m`, tests: [test] };
  await writeFile(join(folder.path, 'drill.yml'), JSON.stringify(tests));
  await promisify(execFile)(TEST_PROMTOOL!, ['test', 'rules', 'drill.yml'], { cwd: folder.path }).catch(
    ({ stdout, stderr }: { stdout: string; stderr: string }) => {
      throw new Error(`${name} (${severity}): ${stdout}${stderr}`);
    },
  );
}

const nameOf = (series: string) => series.replace(/\{.*$/, '');
const namesIn = ({ before, during, after }: Drill) =>
  new Set([before, during, after].flatMap(({ samples }) => [...samples.keys()]));
/** By the alert, or by the ratios that are recorded for it. */
const isUsed = (metric: string, { expr }: Alert) =>
  [expr, ...SLOS.map(({ badRatio }) => badRatio('1m'))].some((text) => text.includes(metric));

interface Stretch {
  /** When it begins, in the time of the test. */
  readonly seconds: number;
  readonly steps: number;
}

/** The series as it was scraped; `_` is no sample. */
function held(from: Scrape, series: string, { seconds, steps }: Stretch): string[] {
  const value = valueAt(from, series, seconds);
  return Array.from({ length: steps }, () => (value === undefined ? '_' : String(value)));
}

function rising({ before, during }: Drill, series: string, stretch: Stretch): string[] {
  const last = during.samples.get(series);
  if (last === undefined || !during.counters.has(nameOf(series))) return held(during, series, stretch);
  const first = before.samples.get(series) ?? 0;
  return Array.from({ length: stretch.steps }, (_, n) => String(first + ((last - first) * (n + 1)) / stretch.steps));
}

/** A moment as a test sees it, whose time begins at 0; 0 is never. */
function valueAt({ at, samples }: Scrape, series: string, seconds: number): number | undefined {
  const value = samples.get(series);
  return value && nameOf(series).endsWith('_timestamp_seconds') ? value - at + seconds : value;
}
