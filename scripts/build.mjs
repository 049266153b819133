// `npm run build`: everything, as the compiler's own incremental build, and the console, on the pinned Node.
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, root, runHere } from './workspace.mjs';

await ensureInstalled();
const code = await runHere(pinnedNode, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
process.exit(code || (await runHere(pinnedNode, [join(root, 'apps', 'console', 'build.mjs')])));
