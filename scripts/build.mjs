// `npm run build`: everything, as the compiler's own incremental build, on the pinned Node.
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, root, runHere } from './workspace.mjs';

await ensureInstalled();
process.exit(await runHere(pinnedNode, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']));
