// The command line, which also starts the all-in-one.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync' }, () => import('./command-line.ts'));
