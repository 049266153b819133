// The projector as a separate process: keeps documents and indexes up to date with the log.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-projector' }, () => import('./service.ts'));
