// As the entry modules of the services are: nothing but this, and the program imported when it runs.
import { onRecentNode } from '../index.ts';

const url = process.env.TEST_ENTRY_URL ?? import.meta.url;
await onRecentNode({ url, name: 'opensync-test' }, () => import('./program.ts'));
