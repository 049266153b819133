// Runs a tool of the workspace on the pinned Node, after the installation: `node scripts/tool.mjs nx test contracts`.
import { join } from 'node:path';
import { ensureInstalled, root, runHere } from './workspace.mjs';

const [tool, ...args] = process.argv.slice(2);
await ensureInstalled();
process.exit(await runHere(join(root, 'node_modules', '.bin', tool), args));
