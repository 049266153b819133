// `npm run bench [-- [--cluster] case …]`: every figure of the product beside its own ceiling on this machine, in one run.
import { join } from 'node:path';
import { ensureInstalled, pinnedNode, root, run } from './workspace.mjs';

await ensureInstalled();
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const built = await run(pinnedNode, [tsc, '-b', 'services/opensync', 'bench']);
if (built !== 0) process.exit(built);
const main = join(root, 'bench', 'dist', 'main.js');
process.exit(await run(pinnedNode, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)]));
