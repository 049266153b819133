// The write gateway as a separate process: turns requests of plugins into events.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-ingest' }, () => import('./service.ts'));
