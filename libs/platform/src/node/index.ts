// Runs on the oldest Node that a person may have: nothing here imports what only a recent one has.
export { onRecentNode } from './on-recent-node.ts';
export { isRecentNode, pinnedNode } from './pinned-node.ts';
