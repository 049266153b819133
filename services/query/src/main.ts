// The read API as a separate process.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-query' }, () => import('./service.ts'));
