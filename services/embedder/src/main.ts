// The embedder as a process of its own: text → vectors, by requests over NATS.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-embedder' }, () => import('./service.ts'));
