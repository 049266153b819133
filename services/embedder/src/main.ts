// The embedder as a separate process: text → vectors, by requests over NATS.
import { onRecentNode } from '@opensync/platform/node';

await onRecentNode({ url: import.meta.url, name: 'opensync-embedder' }, () => import('./service.ts'));
