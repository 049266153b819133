// The write gateway as a process of its own: what plugins send becomes events.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-ingest' }, () => import('./service.ts'));
