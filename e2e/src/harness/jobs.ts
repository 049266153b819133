import { waitFor } from '@opensync/testkit';
import { kubectl } from './cluster.ts';

const LIMIT_MS = 600_000;

/** Runs a Job of a CronJob now; resolves with what it printed, once it has succeeded or failed. */
export async function runNow(cronJob: string, name: string): Promise<Outcome> {
  await kubectl('create', 'job', name, `--from=cronjob/${cronJob}`);
  return outcomeOf(name);
}

export interface Outcome {
  readonly succeeded: boolean;
  /** Both streams of its last pod. */
  readonly output: string;
}

/** Resolves once the Job has succeeded, or failed for good. */
export async function outcomeOf(job: string): Promise<Outcome> {
  const ended = async () => {
    const { status } = JSON.parse(await kubectl('get', 'job', job, '--output', 'json')) as {
      status: { conditions?: { type: string; status: string }[] };
    };
    const is = (type: string) => status.conditions?.some((one) => one.type === type && one.status === 'True') === true;
    return (is('Complete') && 'complete') || (is('Failed') && 'failed');
  };
  const how = await waitFor(ended, { timeoutMs: LIMIT_MS, intervalMs: 1000, what: `the end of the Job ${job}` });
  const pods = await kubectl(
    ...['get', 'pods', '--selector', `job-name=${job}`, '--sort-by', '.metadata.creationTimestamp'],
    ...['--output', 'jsonpath={.items[*].metadata.name}'],
  );
  const last = pods.split(' ').at(-1)!;
  return { succeeded: how === 'complete', output: await kubectl('logs', last, '--container', 'backup') };
}
