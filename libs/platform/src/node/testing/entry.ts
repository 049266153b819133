// Like the entry modules of the services: only this call, and the program imported when it runs.
import { onRecentNode } from '../index.ts';

const url = process.env.TEST_ENTRY_URL ?? import.meta.url;
await onRecentNode({ url, name: 'opensync-test' }, () => import('./program.ts'));
