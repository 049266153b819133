// `npm run build`: types and modules, as the compiler's own incremental build, the programs and the console, on the pinned Node.
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, root, runHere } from './workspace.mjs';

await ensureInstalled();
const steps = [['node_modules/typescript/bin/tsc', '-b'], ['scripts/bundle.mjs'], ['apps/console/build.mjs']];
for (const [script, ...args] of steps) {
  const code = await runHere(pinnedNode, [join(root, script), ...args]);
  if (code !== 0) process.exit(code);
}
