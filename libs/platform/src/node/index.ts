// Runs on the oldest Node that a person may have: nothing here imports recent features.
export { onRecentNode } from './on-recent-node.ts';
export { isRecentNode, pinnedNode } from './pinned-node.ts';
export { workerEntry, workerFlags } from './worker-module.ts';
