import { gauge, METRIC, type Registry } from '@opensync/platform/telemetry';
import type { JobName } from './catalogue.ts';
import { lateSeconds, type JobRecord } from './record.ts';

/** In one process several services run jobs, and show them in one registry. */
const SHOWN = new WeakMap<Registry, Map<JobName, JobRecord>>();

/** The last records of jobs that were read, which the registry shows from now on. */
export function shownRecords(metrics: Registry, now: () => number): Map<JobName, JobRecord> {
  const shown = SHOWN.get(metrics);
  if (shown) return shown;
  const records = new Map<JobName, JobRecord>();
  SHOWN.set(metrics, records);
  const values = (read: (record: JobRecord) => number | undefined) => () =>
    [...records].flatMap(([job, record]) => {
      const value = read(record);
      return value === undefined ? [] : [{ value, labels: { task: job } }];
    });
  gauge(
    metrics,
    METRIC.jobLate,
    values((record) => lateSeconds(record, now())),
  );
  gauge(
    metrics,
    METRIC.jobSuccess,
    values(({ succeededAt }) => succeededAt && succeededAt / 1000),
  );
  gauge(
    metrics,
    METRIC.jobFailures,
    values(({ failures }) => failures),
  );
  return records;
}
