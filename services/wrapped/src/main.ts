// The daily summaries as a separate process.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-wrapped' }, () => import('./service.ts'));
