// `npm run bench [-- [--cluster] case …]`: every figure of the product beside its own ceiling on this machine, in one run.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ensureProgramsBuilt, pinnedNode, root, runHere } from './workspace.mjs';

await ensureInstalled();
await ensureBuilt('bench');
await ensureProgramsBuilt();
const main = join(root, 'bench', 'dist', 'main.js');
process.exit(await runHere(pinnedNode, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)]));
