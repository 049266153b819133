export { accessLogJob } from './access-log-job.ts';
export { JOB_NAMES, JOBS, type JobName } from './catalogue.ts';
export { commandJob, JOB_COMMANDS, readJobs, type JobCommand, type JobReport } from './commands.ts';
export { JOB_STATES } from './record.ts';
export type { JobContext, JobDefinition } from './definition.ts';
export { runJobs, type RunJobsContext } from './run-jobs.ts';
