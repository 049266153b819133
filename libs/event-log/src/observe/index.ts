export { readConsumers, type ConsumerStatus, type ConsumerStatusOptions } from './consumer-status.ts';
export { readLog, type LogStatus, type Removals } from './log-status.ts';
export { requestConsumerHealth, serveConsumerHealth } from './consumer-health.ts';
export {
  requestProcessReports,
  serveProcessReports,
  type ProcessFacts,
  type ProcessReport,
} from './process-reports.ts';
export { requestLogProblems, serveLogProblem } from './log-problems.ts';
export { observeBackups } from './backups.ts';
export { observeBacklog } from './backlog.ts';
export { contentProblems, contentStates, observeContent } from './content-health.ts';
export { observedHandler } from './batches.ts';
export { observedPublisher } from './publishing.ts';
