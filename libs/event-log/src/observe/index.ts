export { requestConsumerHealth, serveConsumerHealth } from './consumer-health.ts';
export { requestLogProblems, serveLogProblem } from './log-problems.ts';
export { observeBacklog } from './backlog.ts';
export { contentProblems, contentStates, observeContent } from './content-health.ts';
export { observedHandler } from './batches.ts';
export { observedPublisher } from './publishing.ts';
