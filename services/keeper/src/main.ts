// The keeper as a separate process: the streams of the log, and the first API key.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-keeper' }, () => import('./service.ts'));
